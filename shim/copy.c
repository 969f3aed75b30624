#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "shim/pending.h"
#include "shim/real.h"
#include "shim/slots.h"

/*
 * Calls by which the kernel moves data without the program: it would move plain
 * text to the wire, and ciphertext from it.
 */

#define PIECE 16384
#define MOST 0x7ffff000 /* of one call, as the kernel has it */

/* Is one of them a secure connection of another process?  Then errno says so. */
static bool
is_foreign(int in, int out)
{
	return pending_refuses(in) || pending_refuses(out);
}

static ssize_t
refuse(void)
{
	errno = EINVAL; /* the program then does it by itself */
	return -1;
}

/*
 * Sends at most n bytes of in from *offset on, which moves behind what has been
 * sent.  The number of bytes, or -1 and errno if there is none.
 */
static ssize_t
send_from(int out, int in, off_t *offset, size_t n)
{
	char piece[PIECE];
	size_t sent = 0;
	ssize_t got, rc;

	do {
		const size_t want = n - sent < PIECE ? n - sent : PIECE;

		rc = got = pread(in, piece, want, *offset);
		if (got > 0)
			rc = slots_core->write(out, piece, (size_t)got);
		if (rc > 0) {
			sent += (size_t)rc;
			*offset += rc;
		}
	} while (rc > 0 && rc == got && sent < n);
	return sent > 0 ? (ssize_t)sent : rc;
}

static ssize_t
send_file(int out, int in, off_t *offset, size_t n)
{
	const int saved = errno;
	off_t at;
	ssize_t rc;

	if (slots_has(in))
		return refuse();
	at = offset != NULL ? *offset : lseek(in, 0, SEEK_CUR);
	if (at < 0)
		return errno == EBADF ? -1 : refuse();
	rc = send_from(out, in, &at, n < MOST ? n : MOST);
	if (rc >= 0) {
		if (offset != NULL)
			*offset = at;
		else
			(void)lseek(in, at, SEEK_SET); /* it could before */
		errno = saved;
	}
	return rc;
}

EXPORT ssize_t
sendfile(int out, int in, off_t *offset, size_t n)
{
	if (slots_has(out))
		return send_file(out, in, offset, n);
	if (is_foreign(in, out))
		return -1;
	return slots_has(in) ? refuse() : real.sendfile(out, in, offset, n);
}

EXPORT ssize_t
sendfile64(int out, int in, off64_t *offset, size_t n)
{
	if (slots_has(out))
		return send_file(out, in, offset, n);
	if (is_foreign(in, out))
		return -1;
	return slots_has(in) ? refuse() : real.sendfile64(out, in, offset, n);
}

EXPORT ssize_t
splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t n,
    unsigned int flags)
{
	if (is_foreign(in, out))
		return -1;
	if (slots_has(in) || slots_has(out))
		return refuse();
	return real.splice(in, in_offset, out, out_offset, n, flags);
}

EXPORT ssize_t
tee(int in, int out, size_t n, unsigned int flags)
{
	if (is_foreign(in, out))
		return -1;
	if (slots_has(in) || slots_has(out))
		return refuse();
	return real.tee(in, out, n, flags);
}

EXPORT ssize_t
vmsplice(int fd, const struct iovec *iov, size_t n, unsigned int flags)
{
	if (pending_refuses(fd))
		return -1;
	return slots_has(fd) ? refuse() : real.vmsplice(fd, iov, n, flags);
}

EXPORT ssize_t
copy_file_range(int in, off64_t *in_offset, int out, off64_t *out_offset,
    size_t n, unsigned int flags)
{
	if (is_foreign(in, out))
		return -1;
	if (slots_has(in) || slots_has(out))
		return refuse();
	return real.copy_file_range(in, in_offset, out, out_offset, n, flags);
}
