#ifndef ZSOCK_API_H
#define ZSOCK_API_H

/*
 * Headers with casts and anonymous unions are to a compiler what libc's are,
 * system headers: a program's own choice of warnings (-pedantic in C99,
 * -Wold-style-cast) is not about them.  ZSOCK_HEADER_WARNINGS is for the
 * library's own checks, which want to see them.
 */

/* What the library exports; everything else in it is hidden. */
#define ZSOCK_API __attribute__((visibility("default")))

#ifdef __cplusplus
#define ZSOCK_BEGIN_DECLS extern "C" {
#define ZSOCK_END_DECLS }
#else
#define ZSOCK_BEGIN_DECLS
#define ZSOCK_END_DECLS
#endif

#endif
