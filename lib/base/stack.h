#ifndef BASE_STACK_H
#define BASE_STACK_H

/*
 * Wipes what earlier calls have left on the stack below the caller.  Bytes of a
 * secret that were in registers get there when a function of another library is
 * called for the first time and its address is looked up.
 */
void stack_wipe(void);

#endif
