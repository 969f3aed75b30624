#ifndef SHIM_DOUBLE_H
#define SHIM_DOUBLE_H

/*
 * A core that counts its calls and has no TLS: a socket of protocol 258 is one
 * of TCP.  The program that is preloaded reaches this by dlopen.
 */
struct double_report {
	/* How often the core's entry of that name has been called. */
	int (*calls)(const char *name);
	/* "tags hostname server" of the last adoption. */
	const char *adopted;
	/* The descriptor that it hides. */
	int hidden;
};

#define DOUBLE_REPORT "double_report"

#endif
