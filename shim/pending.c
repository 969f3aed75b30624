#include "shim/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "shim/raw.h"
#include "shim/real.h"
#include "shim/say.h"
#include "shim/slots.h"

/* Those beyond are rare, and as the program makes them. */
#define NUMBERS 65536

/* What is known of a number besides. */
#define HIDES_FLAG 1u    /* FD_CLOEXEC is not the program's */
#define COPIED 2u        /* another number may stand for the same socket */
#define LISTENS_PLAIN 4u /* it is none, and has been asked about */

atomic_bool pending_any;

/* By which process it was made; 0: it is none. */
static _Atomic(pid_t) maker[NUMBERS];
static atomic_uchar marks[NUMBERS];

/* None has been this or above. */
static atomic_int top;

static bool
fits(int fd)
{
	return fd >= 0 && fd < NUMBERS;
}

static void
raise_top(int fd)
{
	int now = atomic_load(&top);

	while (fd >= now && !atomic_compare_exchange_weak(&top, &now, fd + 1))
		;
}

/* To be called before there is one.  0, or -1 and errno. */
static int
begin(void)
{
	const int rc = slots_watch_forks();

	if (rc < 0) {
		errno = -rc;
		return -1;
	}
	atomic_store(&pending_any, true);
	return 0;
}

static void
add(int fd, unsigned int what)
{
	raise_top(fd);
	atomic_store(&marks[fd], (unsigned char)what);
	atomic_store(&maker[fd], raw_getpid());
}

int
pending_copy(int fd, int to, bool cloexec)
{
	if (!fits(to) || slots_vforked())
		return to;
	if (fits(fd))
		atomic_fetch_or(&marks[fd], COPIED);
	add(to, cloexec ? COPIED : COPIED | HIDES_FLAG);
	return to;
}

int
pending_socket(int family, int type, int proto)
{
	const bool hides = (type & SOCK_CLOEXEC) == 0;
	int fd;

	if (!atomic_load(&pending_any) && begin() == -1)
		return -1;
	fd = real.socket(family, type | SOCK_CLOEXEC, proto);
	if (fits(fd) && !slots_vforked())
		add(fd, hides ? HIDES_FLAG : 0);
	else if (fd >= 0 && hides)
		(void)real.fcntl(fd, F_SETFD, 0); /* it is open */
	return fd;
}

/* Something that the shim has not seen may have taken its number. */
bool
pending_confirm(int fd)
{
	const int saved = errno;
	int proto = 0;
	socklen_t len = sizeof(proto);
	bool is;

	if (!fits(fd) || atomic_load(&maker[fd]) == 0)
		return false;
	is = real.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &len) == 0 &&
	    proto == IPPROTO_TCP &&
	    ((atomic_load(&marks[fd]) & HIDES_FLAG) == 0 ||
	        real.fcntl(fd, F_GETFD, 0) == FD_CLOEXEC);
	if (!is)
		pending_gone(fd);
	errno = saved;
	return is;
}

bool
pending_hides_flag(int fd)
{
	return fits(fd) && (atomic_load(&marks[fd]) & HIDES_FLAG) != 0;
}

void
pending_gone(int fd)
{
	if (!fits(fd) ||
	    (atomic_load(&maker[fd]) | atomic_load(&marks[fd])) == 0)
		return;
	if (slots_vforked())
		return;
	atomic_store(&maker[fd], 0);
	atomic_store(&marks[fd], 0);
}

/* One more than the last of them that the table may have. */
static int
end_of(unsigned int last)
{
	const int n = atomic_load(&top);

	return last < (unsigned int)n ? (int)last + 1 : n;
}

void
pending_gone_range(unsigned int first, unsigned int last)
{
	if (!pending_may() || first >= NUMBERS)
		return;
	for (int fd = (int)first; fd < end_of(last); fd++)
		pending_gone(fd);
}

void
pending_mark_range(unsigned int first, unsigned int last)
{
	if (!pending_may() || first >= NUMBERS || slots_vforked())
		return;
	for (int fd = (int)first; fd < end_of(last); fd++)
		atomic_fetch_and(&marks[fd], (unsigned char)~HIDES_FLAG);
}

/* Every socket is a file of its own, of a number that no other open one has. */
int
pending_next_copy(int fd, int from)
{
	struct stat own, other;

	if (!fits(fd) || (atomic_load(&marks[fd]) & COPIED) == 0 ||
	    fstat(fd, &own) == -1)
		return -1;
	for (int i = from; i < atomic_load(&top); i++) {
		if (i != fd && atomic_load(&maker[i]) != 0 &&
		    fstat(i, &other) == 0 && own.st_ino == other.st_ino &&
		    own.st_dev == other.st_dev && pending_confirm(i))
			return i;
	}
	return -1;
}

static void
settle(int fd)
{
	const bool hides = pending_hides_flag(fd);

	pending_gone(fd);
	if (hides)
		(void)real.fcntl(fd, F_SETFD, 0); /* it is open */
}

void
pending_plain(int fd)
{
	const int saved = errno;
	int copy = -1;

	if (!pending_is(fd))
		return;
	while ((copy = pending_next_copy(fd, copy + 1)) != -1)
		settle(copy);
	settle(fd);
	errno = saved;
}

int
pending_fcntl(int fd, int cmd, long arg)
{
	switch (cmd) {
	case F_GETFD:
		if (pending_hides_flag(fd))
			return 0;
		return real.fcntl(fd, cmd, arg);
	case F_SETFD:
		pending_mark_range((unsigned int)fd, (unsigned int)fd);
		return real.fcntl(fd, cmd, arg); /* it is what is meant */
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return pending_copy(fd, real.fcntl(fd, F_DUPFD_CLOEXEC, arg),
		    cmd == F_DUPFD_CLOEXEC);
	default:
		return real.fcntl(fd, cmd, arg);
	}
}

/* In a child the tag may be there without the core. */
static bool
is_tagged(int fd)
{
	const int saved = errno;
	const bool is = real.fcntl(fd, F_GETSIG, 0) == CORE_SECURE;

	errno = saved;
	return is;
}

void
pending_exec(void)
{
	const pid_t own = raw_getpid();
	const int saved = errno;

	if (!pending_may())
		return;
	for (int fd = 0; fd < atomic_load(&top); fd++) {
		if (atomic_load(&maker[fd]) == 0 || !pending_confirm(fd))
			continue;
		if (is_tagged(fd))
			(void)real.fcntl(fd, F_SETFD, FD_CLOEXEC);
		else if (atomic_load(&maker[fd]) == own)
			settle(fd);
	}
	errno = saved;
}

bool
pending_is_foreign(int fd)
{
	char line[SAY_MAX];
	struct text text;

	if (!fits(fd) || atomic_load(&maker[fd]) == 0 || slots_may(fd) ||
	    !is_tagged(fd))
		return false;
	text_init(&text, line, sizeof(line));
	text_add(&text, "descriptor ");
	text_add_number(&text, fd);
	text_add(&text,
	    ": another process has made it a secure connection, and alone has "
	    "its keys: EBADF");
	say_text(CORE_LOG_WARN, &text);
	errno = EBADF;
	return true;
}

void
pending_foreign(int fd)
{
	const int saved = errno;

	if (fits(fd) && (pending_may() || begin() == 0) && !slots_vforked())
		add(fd, 0);
	errno = saved;
}

void
pending_listens_plain(int fd)
{
	const int saved = errno;

	if (fits(fd) && (pending_may() || begin() == 0) && !slots_vforked()) {
		raise_top(fd);
		atomic_fetch_or(&marks[fd], LISTENS_PLAIN);
	}
	errno = saved;
}

bool
pending_is_listening_plain(int fd)
{
	return fits(fd) && (atomic_load(&marks[fd]) & LISTENS_PLAIN) != 0;
}
