#ifndef CRED_COMPARE_LIST_H
#define CRED_COMPARE_LIST_H

#include "kind_in.h"

/* The origin of an item that a modem has listed. */
extern const char compare_list_modem[];

/*
 * Reads what a device has listed, as it was pasted: lines of Zephyr's "cred
 * list", answers to AT%CMNG=1, the csv of "list"; what is around them is passed
 * over.  The items have digests, or the error that is there in place of one; what
 * is of a type without a name here has the type 0.
 */
kind_import compare_list_read;

#endif
