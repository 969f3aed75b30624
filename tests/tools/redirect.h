#ifndef TOOLS_REDIRECT_H
#define TOOLS_REDIRECT_H

/*
 * What is written to a descriptor, 1 or 2: between the two calls it is kept
 * instead of shown, and the text is valid until the next.
 */
void redirect_begin(int fd);
const char *redirect_end(void);

#endif
