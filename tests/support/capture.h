#ifndef SUPPORT_CAPTURE_H
#define SUPPORT_CAPTURE_H

/*
 * The log, in a file of the test's own: from start on lines of every level go
 * there; text is what has come since start or the last call of text, valid
 * until the next.  A step that cannot be taken fails the test.
 */
void capture_start(void);
const char *capture_text(void);

/* The file is gone, and the log off. */
void capture_stop(void);

#endif
