#ifndef SHIM_DISPATCH_H
#define SHIM_DISPATCH_H

#include <stdbool.h>

/* What the program that asks where its calls go has in common. */

/* Two ends of a connection over loopback; the first is of protocol proto. */
void dispatch_pair(int proto, int ends[2]);

/* How often the core's entry has been called. */
int dispatch_calls(const char *name);
const char *dispatch_adopted(void);
int dispatch_hidden(void);

/* Prints "ok name" or "FAILED name: line", once a case. */
void dispatch_case(const char *name);
void dispatch_expect(bool is, const char *what, int line);
#define EXPECT(is) dispatch_expect(is, #is, __LINE__)

void dispatch_rows(void);
void dispatch_waits(void);
void dispatch_streams(void);
void dispatch_numbers(void);
void dispatch_children(void);
void dispatch_rules(char *const argv[]);
void dispatch_rules_again(int fd);

#endif
