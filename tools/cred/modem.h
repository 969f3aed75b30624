#ifndef CRED_MODEM_H
#define CRED_MODEM_H

/*
 * The types of credentials that an nRF modem shares with the library, by the
 * numbers that AT%CMNG has for them.
 */
#define MODEM_TYPES 5

/* The type of a number below MODEM_TYPES; the number of a type, or -1. */
int modem_type(unsigned long long number);
int modem_number(int type);

#endif
