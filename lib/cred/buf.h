#ifndef CRED_BUF_H
#define CRED_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes that grow, and leave no copy behind that is not wiped.  When memory runs
 * out they stay as they are, and failed says so: one look at the end is enough.
 */
struct buf {
	unsigned char *data; /* NULL: there was never room for anything */
	size_t len, room;
	bool failed;
};

/* Sees to room for so many more; false if it has failed, now or before. */
bool buf_reserve(struct buf *b, size_t more);

/* Each of these may fail; data may be NULL if len is 0. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_put(struct buf *b, unsigned char c);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* In one line, without a line end. */
void buf_base64(struct buf *b, const void *data, size_t len);
void buf_hex(struct buf *b, const void *data, size_t len);

/* A copy in a new one, whose data are not NULL; false: out of memory. */
bool buf_copy(struct buf *b, const void *data, size_t len);

/* Has it these bytes? */
bool buf_is(const struct buf *b, const void *data, size_t len);

/* Its bytes are forgotten, its memory is kept. */
void buf_clear(struct buf *b);
void buf_fini(struct buf *b);

#endif
