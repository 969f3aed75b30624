#ifndef SHIM_EARLY_H
#define SHIM_EARLY_H

/* Has the constructor of the library used a socket? */
int early_constructed(void);

#endif
