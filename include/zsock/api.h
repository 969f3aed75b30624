#ifndef ZSOCK_API_H
#define ZSOCK_API_H

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
