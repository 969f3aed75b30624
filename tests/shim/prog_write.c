/* Writing to a slow peer, and what poll says of it. */
#include "prog.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int
slow_peer(void)
{
	const int small = 4096;
	int fd;

	tell("rcvbuf 4096");
	fd = dial_and_take(SOCK_NONBLOCK);
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	return fd;
}

/*
 * P46: each EAGAIN changes the program's mind about what to send next; the
 * peer gets what was accepted and nothing else.
 */
static void
changed_mind(void)
{
	const int fd = slow_peer();
	unsigned char buf[3000];
	uint64_t hash = HASH_BASIS, sent = 0, peer_has = 0;
	unsigned int salt = 0;

	while (sent < 150000) {
		ssize_t n;

		memset(buf, (int)('a' + salt % 26), sizeof(buf));
		n = send(fd, buf, sizeof(buf), 0);
		if (n > 0) {
			hash = hash_more(hash, buf, (size_t)n);
			sent += (size_t)n;
			continue;
		}
		MUST_BE(errno, EAGAIN);
		salt++;
		MUST(sent > peer_has);
		tell("get %llu",
		    (unsigned long long)(sent - peer_has > 2000
		            ? 2000
		            : sent - peer_has));
		peer_has += sent - peer_has > 2000 ? 2000 : sent - peer_has;
		MUST((polled(fd, POLLOUT, 5) & ~POLLOUT) == 0);
	}
	MUST(salt > 10);
	while (shutdown(fd, SHUT_WR) < 0) {
		MUST_BE(errno, EAGAIN);
		tell("get 100");
	}
	{
		const char *answer = tell("end");

		MUST_BE(fact(answer, "in"), sent);
		MUST(fact(answer, "hash") == hash);
		MUST_BE(fact(answer, "bad"), 0);
	}
	close(fd);
}

static double
cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* shutdown does not block, and it does not fail for want of room either. */
static void
shutdown_full(void)
{
	const int fd = slow_peer();
	char buf[3000];
	uint64_t sent = 0;
	ssize_t n;

	memset(buf, 'x', sizeof(buf));
	while ((n = send(fd, buf, sizeof(buf), 0)) > 0)
		sent += (uint64_t)n;
	MUST_BE(errno, EAGAIN);
	MUST_BE(shutdown(fd, SHUT_WR), 0);
	MUST_FAIL(send(fd, buf, 1, MSG_NOSIGNAL), EPIPE);
	MUST_BE(fact(tell("end"), "in"), sent);
	MUST(says(tell("state"), " bad=0 end=eof"));
	close(fd);
}

/*
 * P47: while the peer reads nothing for a second, POLLOUT wakes only who can
 * send something then.
 */
static void
no_spin(void)
{
	const int fd = slow_peer();
	const long long end = now_ms() + 1000;
	char buf[3000];
	int vain = 0;
	uint64_t sent = 0;
	double cpu;

	memset(buf, 'x', sizeof(buf));
	while (send(fd, buf, sizeof(buf), 0) > 0)
		;
	MUST_BE(errno, EAGAIN);
	cpu = cpu_s();
	for (long long now = now_ms(); now < end; now = now_ms()) {
		if (polled(fd, POLLOUT, (int)(end - now)) == 0)
			continue;
		if (send(fd, buf, sizeof(buf), 0) > 0)
			sent++;
		else
			MUST_BE(vain++ < 3, true);
	}
	MUST(cpu_s() - cpu < 0.1);
	/* And when it reads, there is a wake. */
	tell("sink");
	MUST((polled(fd, POLLOUT, 5000) & POLLOUT) != 0);
	for (int i = 0; i < 200; i++)
		send_all(fd, buf, sizeof(buf));
	close(fd);
}

/* A large blocking send comes whole, whatever the buffers are. */
static void
large(void)
{
	const size_t n = 3000000;
	unsigned char *buf = malloc(n);
	const int fd = dial_and_take(0), small = 8192;
	const char *answer;

	MUST(buf != NULL);
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	pattern_fill(buf, 0, n);
	tell("sink");
	MUST_BE(send(fd, buf, n, 0), n);
	close(fd);
	answer = tell("end");
	MUST_BE(fact(answer, "in"), n);
	MUST_BE(fact(answer, "strange"), 0);
	MUST(says(answer, " end=eof"));
	free(buf);
}

/* P48: a server that takes connections and never answers. */
static void
mute(void)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	const long long began = now_ms();

	errno = 0;
	MUST_BE(connect(fd, (const void *)&addr, sizeof(addr)), -1);
	MUST(errno == ECONNABORTED || errno == ETIMEDOUT);
	MUST(now_ms() - began >= 250 && now_ms() - began < 5000);
	close(fd);
}

/* A socket that may not block is connected as such. */
static void
non_blocking(void)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int error = -1;
	char back[3];
	socklen_t len = sizeof(error);

	if (connect(fd, (const void *)&addr, sizeof(addr)) < 0)
		MUST_BE(errno, EINPROGRESS);
	MUST_BE(polled(fd, POLLOUT, 5000), POLLOUT);
	MUST_BE(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	MUST_BE(error, 0);
	MUST_BE(send(fd, "now", 3, 0), 3);
	recv_all(fd, back, 3);
	MUST(memcmp(back, "now", 3) == 0);
	close(fd);
}

static pid_t sleeper;

static void *
receive_three(void *arg)
{
	const int fd = *(const int *)arg;
	char buf[3];

	__atomic_store_n(&sleeper, (pid_t)syscall(SYS_gettid),
	    __ATOMIC_RELEASE);
	MUST_BE(recv(fd, buf, sizeof(buf), MSG_WAITALL), 3);
	return NULL;
}

static void
ignore(int sig)
{
	(void)sig;
}

/* Sends on until an alarm makes a call short; only this thread gets one. */
static size_t
send_until_short(int fd)
{
	const struct sigaction sa = { .sa_handler = ignore,
		.sa_flags = SA_RESTART };
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };
	const size_t size = 1000000;
	unsigned char *buf = malloc(size);
	size_t total = 0;
	ssize_t n;

	MUST(buf != NULL);
	MUST_BE(sigaction(SIGALRM, &sa, NULL), 0);
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	do {
		pattern_fill(buf, total, size);
		n = send(fd, buf, size, 0);
		MUST(n > 0 || errno == EINTR);
		total += n > 0 ? (size_t)n : 0;
	} while (n == (ssize_t)size);
	it = (struct itimerval){ 0 };
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	free(buf);
	return total;
}

/*
 * P36: what a send that was interrupted has accepted arrives, though the only
 * call that is left is another thread's recv.
 */
static void
interrupted_send(void)
{
	int fd = dial_and_take(0);
	pthread_t thread;
	sigset_t set;
	size_t total;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	MUST_BE(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	MUST_BE(pthread_create(&thread, NULL, receive_three, &fd), 0);
	MUST_BE(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
	while (__atomic_load_n(&sleeper, __ATOMIC_ACQUIRE) == 0)
		usleep(1000);
	until_asleep(sleeper);
	total = send_until_short(fd);
	signal(SIGALRM, SIG_DFL);
	alarm(10); /* else the peer would wait for ever */
	tell("read %zu", total);
	tell("send 3 3");
	MUST_BE(pthread_join(thread, NULL), 0);
	close(fd);
}

static const struct verb verbs[] = {
	{ "changed_mind", changed_mind },
	{ "shutdown_full", shutdown_full },
	{ "no_spin", no_spin },
	{ "large", large },
	{ "mute", mute },
	{ "non_blocking", non_blocking },
	{ "interrupted_send", interrupted_send },
};

PROG_MAIN(verbs)
