/* A program that nothing is preloaded into: attempt N, as prog_leak does it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	const int fd = argc > 2 ? atoi(argv[2]) : -1;
	char buf[4];

	if (write(fd, "SECRET", 6) != -1 || errno != EBADF ||
	    send(fd, "SECRET", 6, MSG_NOSIGNAL) != -1 ||
	    read(fd, buf, sizeof(buf)) != -1 || errno != EBADF) {
		fprintf(stderr, "prog_static: %d is open\n", fd);
		return 1;
	}
	return 0;
}
