#include <aio.h>
#include <errno.h>

#include "shim/pending.h"
#include "shim/real.h"
#include "shim/say.h"
#include "shim/slots.h"

/*
 * Libc does these in a thread of its own by calls that nobody else sees: on a
 * secure connection they would be plain text.
 */

static int
refuse(const char *call, int fd)
{
	char line[SAY_MAX];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_add(&text, call);
	text_add(&text, ": descriptor ");
	text_add_number(&text, fd);
	text_add(&text, ": not on a secure socket: EBADF");
	say_text(CORE_LOG_WARN, &text);
	errno = EBADF;
	return -1;
}

/* 0, or -1 and errno.  What is not yet settled could be secure by then. */
static int
check(const char *call, int fd)
{
	return slots_has(fd) || pending_is(fd) ? refuse(call, fd) : 0;
}

EXPORT int
aio_read(struct aiocb *cb)
{
	return check("aio_read", cb->aio_fildes) == -1 ? -1 : real.aio_read(cb);
}

EXPORT int
aio_write(struct aiocb *cb)
{
	return check("aio_write", cb->aio_fildes) == -1 ? -1
	                                                : real.aio_write(cb);
}

EXPORT int
aio_read64(struct aiocb64 *cb)
{
	return check("aio_read", cb->aio_fildes) == -1 ? -1
	                                               : real.aio_read64(cb);
}

EXPORT int
aio_write64(struct aiocb64 *cb)
{
	return check("aio_write", cb->aio_fildes) == -1 ? -1
	                                                : real.aio_write64(cb);
}

/* None of a list is begun that has one of the core's in it. */
EXPORT int
lio_listio(int mode, struct aiocb *const list[], int n, struct sigevent *event)
{
	for (int i = 0; i < n; i++) {
		if (list[i] != NULL && list[i]->aio_lio_opcode != LIO_NOP &&
		    check("lio_listio", list[i]->aio_fildes) == -1)
			return -1;
	}
	return real.lio_listio(mode, list, n, event);
}

EXPORT int
lio_listio64(int mode, struct aiocb64 *const list[], int n,
    struct sigevent *event)
{
	for (int i = 0; i < n; i++) {
		if (list[i] != NULL && list[i]->aio_lio_opcode != LIO_NOP &&
		    check("lio_listio", list[i]->aio_fildes) == -1)
			return -1;
	}
	return real.lio_listio64(mode, list, n, event);
}
