#ifndef CRED_BUF_H
#define CRED_BUF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes that grow, and leave no copy behind that is not wiped.  When memory runs
 * out they stay as they are, and failed says so: one look at the end is enough.
 */
struct buf {
	unsigned char *data; /* NULL: nothing was ever added */
	size_t len, room;
	bool failed;
};
void buf_add(struct buf *b, const void *data, size_t len);
void buf_put(struct buf *b, unsigned char c);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* In one line, without a line end. */
void buf_base64(struct buf *b, const void *data, size_t len);
void buf_hex(struct buf *b, const void *data, size_t len);
/* Its bytes are forgotten, its memory is kept. */
void buf_clear(struct buf *b);
void buf_fini(struct buf *b);

#endif
