#include "dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CLEAN 77 /* what errno is before a call that succeeds, and after */

/* One call of each kind of data, from and to. */
static void
give_and_take(int fd, int peer)
{
	char b[8] = "x";
	struct iovec iov = { b, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct mmsghdr msgs = { .msg_hdr = msg };

	EXPECT(send(fd, b, 1, 0) == 1);
	EXPECT(sendto(fd, b, 1, 0, NULL, 0) == 1);
	EXPECT(sendmsg(fd, &msg, 0) == 1);
	EXPECT(sendmmsg(fd, &msgs, 1, 0) == 1);
	EXPECT(write(fd, b, 1) == 1);
	EXPECT(writev(fd, &iov, 1) == 1);
	EXPECT(pwritev2(fd, &iov, 1, -1, 0) == 1);
	EXPECT(recv(peer, b, 7, MSG_WAITALL) == 7);
	EXPECT(write(peer, b, 7) == 7);
	EXPECT(recv(fd, b, 1, 0) == 1);
	EXPECT(recvfrom(fd, b, 1, 0, NULL, NULL) == 1);
	EXPECT(recvmsg(fd, &msg, 0) == 1);
	EXPECT(recvmmsg(fd, &msgs, 1, 0, NULL) == 1);
	EXPECT(read(fd, b, 1) == 1);
	EXPECT(readv(fd, &iov, 1) == 1);
	EXPECT(preadv2(fd, &iov, 1, -1, 0) == 1);
	EXPECT(errno == CLEAN);
}

static const char *const data_calls[] = { "send", "sendto", "sendmsg",
	"sendmmsg", "write", "writev", "recv", "recvfrom", "recvmsg",
	"recvmmsg", "read", "readv", "getsockname", "getpeername", "getsockopt",
	"setsockopt", "shutdown", "ioctl", "fcntl" };

static void
ask(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int n = 1;

	EXPECT(getsockname(fd, (struct sockaddr *)&addr, &len) == 0);
	EXPECT(getpeername(fd, (struct sockaddr *)&addr, &len) == 0);
	len = sizeof(n);
	EXPECT(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &n, len) == 0);
	EXPECT(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &n, &len) == 0);
	EXPECT(ioctl(fd, FIONREAD, &n) == 0);
	EXPECT(fcntl(fd, F_GETFL) != -1);
	EXPECT(shutdown(fd, SHUT_WR) == 0);
	EXPECT(errno == CLEAN);
}

static int
sum(void)
{
	int n = 0;

	for (size_t i = 0; i < sizeof(data_calls) / sizeof(*data_calls); i++)
		n += dispatch_calls(data_calls[i]);
	return n;
}

void
dispatch_rows(void)
{
	int cores[2], plain[2], before;

	dispatch_case("the_cores_descriptors_go_to_the_core");
	dispatch_pair(258, cores);
	errno = CLEAN;
	give_and_take(cores[0], cores[1]);
	ask(cores[0]);
	for (size_t i = 0; i < sizeof(data_calls) / sizeof(*data_calls); i++)
		dispatch_expect(dispatch_calls(data_calls[i]) > 0,
		    data_calls[i], __LINE__);
	dispatch_case("others_do_not");
	dispatch_pair(0, plain);
	before = sum();
	errno = CLEAN;
	give_and_take(plain[0], plain[1]);
	ask(plain[0]);
	EXPECT(sum() == before);
	dispatch_case("close_goes_to_the_core");
	before = dispatch_calls("close");
	EXPECT(close(plain[0]) == 0 && close(plain[1]) == 0);
	EXPECT(dispatch_calls("close") == before);
	EXPECT(close(cores[0]) == 0 && close(cores[1]) == 0);
	EXPECT(dispatch_calls("close") == before + 1);
	EXPECT(errno == CLEAN);
}

void
dispatch_waits(void)
{
	struct timeval tv = { 5, 0 };
	struct pollfd p[2];
	int cores[2], before;
	fd_set r, w;

	dispatch_case("a_wait_with_one_of_the_cores_is_the_cores");
	dispatch_pair(258, cores);
	p[0] = (struct pollfd){ cores[1], POLLIN, 0 };
	p[1] = (struct pollfd){ cores[0], POLLIN, 0 };
	before = dispatch_calls("ppoll");
	EXPECT(poll(p, 1, 0) == 0);
	EXPECT(dispatch_calls("ppoll") == before);
	EXPECT(poll(p, 2, 0) == 0);
	EXPECT(dispatch_calls("ppoll") == before + 1);
	EXPECT(write(cores[1], "x", 1) == 1);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(cores[0], &r);
	FD_SET(cores[1], &r);
	FD_SET(cores[0], &w);
	EXPECT(select(cores[1] + 1, &r, &w, NULL, &tv) == 2);
	EXPECT(dispatch_calls("ppoll") == before + 2);
	EXPECT(FD_ISSET(cores[0], &r) && FD_ISSET(cores[0], &w));
	EXPECT(!FD_ISSET(cores[1], &r));
	EXPECT(tv.tv_sec == 4 && tv.tv_usec > 0);
	FD_ZERO(&w);
	FD_SET(cores[0], &w);
	FD_SET(1000, &w);
	EXPECT(select(1001, NULL, &w, NULL, &tv) == -1 && errno == EBADF);
	EXPECT(FD_ISSET(1000, &w));
	close(cores[0]);
	close(cores[1]);
}

static void
send_a_file(int fd, int peer)
{
	FILE *file = tmpfile();
	off_t at = 2;
	char b[8];
	int in;

	EXPECT(file != NULL);
	in = fileno(file);
	EXPECT(write(in, "0123456789", 10) == 10);
	EXPECT(sendfile(fd, in, &at, 4) == 4 && at == 6);
	EXPECT(lseek(in, 0, SEEK_CUR) == 10);
	EXPECT(lseek(in, 6, SEEK_SET) == 6);
	EXPECT(sendfile(fd, in, NULL, 100) == 4);
	EXPECT(lseek(in, 0, SEEK_CUR) == 10);
	EXPECT(sendfile(fd, in, NULL, 100) == 0);
	EXPECT(recv(peer, b, 8, MSG_WAITALL) == 8);
	EXPECT(memcmp(b, "23456789", 8) == 0);
	EXPECT(errno == CLEAN);
	EXPECT(fclose(file) == 0);
}

/* libcs is a stream that the program has kept from before. */
static void
standard_output(int fd, int peer)
{
	const int kept = dup(STDOUT_FILENO);
	FILE *libcs = stdout;
	char b[6];

	EXPECT(fflush(stdout) == 0 && kept != -1);
	EXPECT(printf("a") == 1);
	EXPECT(dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
	EXPECT(printf("bc") == 2 && fflush(stdout) == 0);
	EXPECT(fileno(stdout) == STDOUT_FILENO);
	EXPECT(puts("de") >= 0 && fflush(stdout) == 0);
	EXPECT(recv(peer, b, 6, MSG_WAITALL) == 6);
	EXPECT(memcmp(b, "abcde\n", 6) == 0);
	EXPECT(fputs("x", libcs) < 0 || fflush(libcs) == EOF);
	EXPECT(errno == EBADF);
	clearerr(libcs);
	__fpurge(libcs);
	EXPECT(dup2(kept, STDOUT_FILENO) == STDOUT_FILENO);
	EXPECT(stdout == libcs && fileno(stdout) == STDOUT_FILENO);
	close(kept);
}

void
dispatch_streams(void)
{
	int cores[2], pipes[2];
	char line[64] = "";
	FILE *stream;

	dispatch_case("a_stream_goes_to_the_core");
	dispatch_pair(258, cores);
	errno = CLEAN;
	stream = fdopen(cores[0], "r+");
	EXPECT(stream != NULL && fileno(stream) == cores[0]);
	EXPECT(fprintf(stream, "one\n") == 4 && fflush(stream) == 0);
	EXPECT(dprintf(cores[0], "%s%2000d", "two\n", 3) == 2004);
	EXPECT(recv(cores[1], line, 8, MSG_WAITALL) == 8);
	EXPECT(memcmp(line, "one\ntwo\n", 8) == 0);
	for (int i = 0; i < 2000; i += 50)
		EXPECT(recv(cores[1], line, 50, MSG_WAITALL) == 50);
	EXPECT(write(cores[1], "back\n", 5) == 5);
	EXPECT(fgets(line, sizeof(line), stream) != NULL);
	EXPECT(strcmp(line, "back\n") == 0);
	EXPECT(errno == CLEAN);
	dispatch_case("a_file_is_sent_by_the_core");
	send_a_file(cores[0], cores[1]);
	dispatch_case("standard_output_may_be_the_cores");
	standard_output(cores[0], cores[1]);
	dispatch_case("the_kernel_moves_nothing_by_itself");
	EXPECT(pipe(pipes) == 0 && write(pipes[1], "x", 1) == 1);
	EXPECT(splice(pipes[0], NULL, cores[0], NULL, 1, 0) == -1);
	EXPECT(errno == EINVAL);
	EXPECT(sendfile(pipes[1], cores[0], NULL, 1) == -1 && errno == EINVAL);
	dispatch_case("the_end_of_a_stream_closes_the_descriptor");
	EXPECT(fclose(stream) == 0);
	EXPECT(fcntl(cores[0], F_GETFD) == -1 && errno == EBADF);
	EXPECT(recv(cores[1], line, 1, 0) == 0);
	close(cores[1]);
	close(pipes[0]);
	close(pipes[1]);
}
