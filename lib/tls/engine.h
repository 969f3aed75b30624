#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tls/context.h"
#include "tls/settings.h"
#include "tls/verdict.h"

/*
 * One TLS or DTLS connection as a machine of bytes in and bytes out: it never
 * sees a socket.  Its owner carries ciphertext between a stream's two rings and
 * the kernel, or datagrams.  Not thread-safe: the owner's lock guards it.
 *
 * Calls return >= 0 or
 *   -EAGAIN   it needs input: feed it, then call again
 *   -ENOBUFS  the output ring is full: drain it, then call again
 *   -ENOMEM   there is none for the rings; it has failed
 *   another negative errno once the connection has failed; it is the same from
 *   then on, whatever is called
 */
struct tls_engine;

/*
 * ctx is referenced, settings are only read now.  peer is its address, in
 * words, and outlives the engine; min_version a TLS1_x_VERSION, or for
 * datagrams a DTLS1_x_VERSION.  Returns
 * 0, -EINVAL, -ECONNABORTED (no suite is left) or -ENOMEM with a sentence in
 * why.
 */
int tls_engine_new(struct tls_context *ctx, const struct tls_settings *settings,
    enum tls_role role, int min_version, const char *peer,
    struct tls_engine **out, struct verdict *why);
void tls_engine_free(struct tls_engine *e);

/* Are these tags' credentials others by now than those it was made with? */
bool tls_engine_outdated(const struct tls_engine *e, const int *tags, size_t n);

/*
 * Before the handshake: nothing above this TLS1_x_VERSION, or -EINVAL.  For
 * tests.
 */
int tls_engine_limit_version(struct tls_engine *e, int max_version);

/*
 * 0 when complete; -ECONNABORTED when it failed, or, by the profile, what the
 * kernel said when that ended it.
 */
int tls_engine_handshake(struct tls_engine *e);

/*
 * Decrypts up to len bytes.  0 is the end of the stream: close_notify, or the
 * end of input between two records.  -EIO after an alert, a bad record or an
 * error of the transport, -ECONNRESET if the input ended inside a record.
 */
ssize_t tls_engine_read(struct tls_engine *e, void *buf, size_t len);

/* The same, and they are there still: of one record. */
ssize_t tls_engine_peek(struct tls_engine *e, void *buf, size_t len);

/*
 * Encrypts at least one byte of len, at most one record, whole into the output
 * ring: nothing is ever half done, so the next call may carry other bytes.
 * -ECONNABORTED when the connection has failed, or its output is broken.  Of
 * datagrams: all of len in one, or -EMSGSIZE, after which it can go on.
 */
ssize_t tls_engine_write(struct tls_engine *e, const void *buf, size_t len);

/* Queues close_notify, if the handshake is complete. */
void tls_engine_shutdown(struct tls_engine *e);

/*
 * Would read answer at once, with data, the end or an error?  A failure that
 * is found here is -ECONNABORTED from then on.
 */
bool tls_engine_readable(struct tls_engine *e);

/*
 * It may be idle from here on: what memory it needs only to move bytes is given
 * back, unless some are still in it, and taken anew for the next ones.
 */
void tls_engine_rest(struct tls_engine *e);

/* Has the stream ended? */
bool tls_engine_ended(const struct tls_engine *e);

/*
 * A stream's rings themselves, so that the kernel reads and writes ciphertext
 * in place.  input: *room is where ciphertext may be put and the result how
 * many bytes of it, 0 when it is full or has failed.  output: *data is what
 * waits to be sent, if the result is not 0; of datagrams the first one, which
 * output_done takes away whole.  Both are valid until the next call on the
 * engine.
 */
size_t tls_engine_input(struct tls_engine *e, void **room);
void tls_engine_input_done(struct tls_engine *e, size_t n);
size_t tls_engine_output(struct tls_engine *e, const void **data);
void tls_engine_output_done(struct tls_engine *e, size_t n);

/*
 * Of datagrams.  One has come: the next call of handshake, read or readable
 * takes it in, and until then it has to stay where it is.
 */
void tls_engine_datagram(struct tls_engine *e, const void *data, size_t len);

/*
 * A server's first datagram, from the peer of that address (at most 64 bytes).
 * 0: the peer has returned its cookie, and handshake goes on with it, until when
 * it has to stay where it is.  -EAGAIN: it has not; the engine is as new, and
 * output may have an answer.  -ENOMEM.
 */
int tls_engine_hello(struct tls_engine *e, const void *peer, size_t peer_len,
    const void *data, size_t len);

/*
 * While the handshake lasts: milliseconds until a flight is to be sent again,
 * or -1; and, when that is 0, sending it.  -ETIMEDOUT once the peer has not
 * answered for the last time, else 0 or what has ended the connection.
 */
int tls_engine_timer_ms(struct tls_engine *e);
int tls_engine_timer(struct tls_engine *e);

/* Bytes of a datagram that the way to the peer carries. */
void tls_engine_set_mtu(struct tls_engine *e, size_t mtu);

/* The same, unless it is known to be less already. */
void tls_engine_limit_mtu(struct tls_engine *e, size_t mtu);

/* The peer's host has said that nobody is there: for the line, not an end. */
void tls_engine_note_refused(struct tls_engine *e);

/* Bytes that are left of the record that was read. */
size_t tls_engine_left(const struct tls_engine *e);

/* Is it known that read has no more, unless something comes? */
bool tls_engine_starved(const struct tls_engine *e);

/* Throws away what is left of the record that was read: how many bytes. */
size_t tls_engine_skip(struct tls_engine *e);

/*
 * No more input will come; kernel_error is the errno that ended it, or 0.  What
 * has come can still be read, and only then the end or the error.
 */
void tls_engine_input_end(struct tls_engine *e, int kernel_error);

/*
 * No more output can leave: what waits is dropped.  What has come, and comes,
 * can still be read.
 */
void tls_engine_output_broken(struct tls_engine *e, int kernel_error);

/*
 * 0, or the negative errno that write answers.  A reader who meets the same
 * failure later is told the same.
 */
int tls_engine_write_error(struct tls_engine *e);

/*
 * The connection failed for a reason outside TLS: every later call answers
 * -error.  kernel_error is the kernel's errno; waited_ms is for a deadline.
 */
void tls_engine_fail(struct tls_engine *e, enum verdict_side side, int error,
    int kernel_error, int waited_ms);

/* 0, or the negative errno that ended the connection. */
int tls_engine_error(const struct tls_engine *e);

/* Has it, or the output alone, failed?  Then there is something to explain. */
bool tls_engine_failed(const struct tls_engine *e);

/* Composes the line that says why it failed.  peer is its address. */
void tls_engine_explain(const struct tls_engine *e, const char *peer,
    struct verdict *v);

/* The same for a handshake that has not ended, as if its time were up now. */
void tls_engine_explain_waiting(const struct tls_engine *e, const char *peer,
    int waited_ms, struct verdict *v);

/*
 * Composes the line that says what a complete handshake agreed on: version,
 * suite, whether the peer is verified, and by which credentials.
 */
void tls_engine_summary(const struct tls_engine *e, const char *peer,
    struct verdict *v);

/* After the handshake; before it NULL or -ENOTCONN. */
const char *tls_engine_version(const struct tls_engine *e); /* "TLSv1.3" */
const char *tls_engine_suite_name(const struct tls_engine *e);
int tls_engine_suite(const struct tls_engine *e); /* its IANA number */

/* Bytes that each record has besides data, at least. */
size_t tls_engine_overhead(const struct tls_engine *e);

/* The application protocol that was agreed on: its length, 0 for none. */
size_t tls_engine_protocol(const struct tls_engine *e, const char **name);

/* Did it go on with an earlier session? */
bool tls_engine_resumed(const struct tls_engine *e);

/* TLS_CERT_VERIFY_RESULT. */
uint32_t tls_engine_verify_flags(const struct tls_engine *e);

#endif
