/* P31: fcntl and fcntl64; this is compiled twice. */
#include "prog.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
numbers(void)
{
	const int fd = dial_and_take(SOCK_CLOEXEC);
	int high, low;

	tell("echo");
	MUST_BE(fcntl(fd, F_GETFD), FD_CLOEXEC);
	MUST_BE(fcntl(fd, F_SETFD, 0), 0);
	MUST_BE(fcntl(fd, F_GETFD), 0);
	high = fcntl(fd, F_DUPFD_CLOEXEC, 200);
	MUST_BE(high, 200);
	MUST_BE(fcntl(high, F_GETFD), FD_CLOEXEC);
	low = fcntl(fd, F_DUPFD, 0);
	MUST(low > fd && low < high);
	MUST_BE(fcntl(low, F_GETFD), 0);
	MUST_BE(close(fd), 0);
	must_echo(high, "from 200");
	MUST_BE(close(high), 0);
	must_echo(low, "from the lowest");
	MUST_FAIL(fcntl(low, F_DUPFD, -1), EINVAL);
	MUST_BE(close(low), 0);
	MUST_FAIL(fcntl(low, F_GETFD), EBADF);
}

static void
flags(void)
{
	const int fd = dial_and_take(0);
	int on = 1;
	char c;

	MUST_BE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	MUST_BE(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	MUST_BE(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	MUST_FAIL(recv(fd, &c, 1, 0), EAGAIN);
	MUST_BE(fcntl(fd, F_SETFL, O_RDWR), 0);
	MUST_BE(ioctl(fd, FIONBIO, &on), 0);
	MUST_BE(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	MUST_FAIL(recv(fd, &c, 1, 0), EAGAIN);
	on = 0;
	MUST_BE(ioctl(fd, FIONBIO, &on), 0);
	/* The program's own signal, of which none has been chosen. */
	MUST_BE(fcntl(fd, F_GETSIG), 0);
	tell("send 1 1");
	MUST_BE(recv(fd, &c, 1, 0), 1);
}

static const struct verb verbs[] = {
	{ "numbers", numbers },
	{ "flags", flags },
};

PROG_MAIN(verbs)
