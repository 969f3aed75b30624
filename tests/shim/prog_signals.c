/* Signals that come while a call is under way. */
#include "prog.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t alarms;

static void
count(int sig)
{
	(void)sig;
	alarms++;
}

static void catch (void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	MUST_BE(sigaction(SIGALRM, &sa, NULL), 0);
}

static pid_t main_thread;
static pthread_t main_pthread;

/* Signals the main thread when it sleeps, then lets the peer send. */
static void *
disturb(void *arg)
{
	until_asleep(main_thread);
	MUST_BE(pthread_kill(main_pthread, SIGALRM), 0);
	while (alarms == 0)
		usleep(1000);
	until_asleep(main_thread);
	if (arg != NULL)
		tell("send 3 3");
	return NULL;
}

static pthread_t
start_disturbing(bool then_send)
{
	pthread_t thread;
	sigset_t set, old;

	main_thread = (pid_t)syscall(SYS_gettid);
	main_pthread = pthread_self();
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	MUST_BE(pthread_sigmask(SIG_BLOCK, &set, &old), 0);
	MUST_BE(pthread_create(&thread, NULL, disturb,
	            then_send ? &main_thread : NULL),
	    0);
	MUST_BE(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
	return thread;
}

/* P36: a recv that is restarted. */
static void
restart(void)
{
	const int fd = dial_and_take(0);
	char buf[8];
	pthread_t thread;

	catch (count, SA_RESTART);
	thread = start_disturbing(true);
	MUST_BE(recv(fd, buf, sizeof(buf), 0), 3);
	MUST(pattern_is(buf, 0, 3));
	MUST_BE(alarms, 1);
	pthread_join(thread, NULL);
}

/* P36: and one that is not, because it is not asked for. */
static void
interrupted(void)
{
	const int fd = dial_and_take(0);
	struct itimerval it = { .it_value.tv_usec = 50000,
		.it_interval.tv_usec = 50000 };
	char c;

	catch (count, 0);
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	MUST_FAIL(recv(fd, &c, 1, 0), EINTR);
	MUST_FAIL(read(fd, &c, 1), EINTR);
	it = (struct itimerval){ 0 };
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	MUST(alarms >= 2);
	tell("send 1 1");
	MUST_BE(recv(fd, &c, 1, 0), 1);
}

/* P36: with SO_RCVTIMEO it is not restarted, as ever, and ends in time. */
static void
with_timeout(void)
{
	const int fd = dial_and_take(0);
	const struct timeval tv = { .tv_usec = 200000 };
	const struct itimerval it = { .it_value.tv_usec = 50000 };
	long long began;
	char c;

	catch (count, SA_RESTART);
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	MUST_FAIL(recv(fd, &c, 1, 0), EINTR);
	MUST_BE(alarms, 1);
	began = now_ms();
	MUST_FAIL(recv(fd, &c, 1, 0), EAGAIN);
	MUST(now_ms() - began >= 190 && now_ms() - began < 5000);
	tell("send 1 1");
	MUST_BE(recv(fd, &c, 1, 0), 1);
}

static int busy_fd;
static volatile sig_atomic_t marks, refused;

/* The byte that is in no pattern. */
static void
send_mark(int sig)
{
	const int saved = errno;
	const char mark = (char)0xff;

	(void)sig;
	if (send(busy_fd, &mark, 1, MSG_NOSIGNAL) == 1)
		marks++;
	else if (errno == EAGAIN)
		refused++;
	else
		_exit(3);
	errno = saved;
}

/*
 * P38: a handler sends on the connection that its thread sends on.  There is
 * no hang, and the peer gets whole what was accepted of both.
 */
static void
handler_sends(void)
{
	const size_t total = prog_plain() ? 20000000 : 40000000, chunk = 65536;
	unsigned char *buf = malloc(chunk + 89);
	struct itimerval it = { .it_value.tv_usec = 500,
		.it_interval.tv_usec = 500 };
	const char *answer;
	size_t sent = 0;

	MUST(buf != NULL);
	pattern_fill(buf, 0, chunk + 89);
	busy_fd = dial_and_take(0);
	tell("sink");
	catch (send_mark, SA_RESTART);
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	while (sent < total) {
		const ssize_t n =
		    send(busy_fd, buf + sent % 89, chunk, MSG_NOSIGNAL);

		MUST(n > 0 || errno == EINTR);
		sent += n > 0 ? (size_t)n : 0;
	}
	it = (struct itimerval){ 0 };
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	MUST(marks + refused > 0);
	MUST_BE(close(busy_fd), 0);
	answer = tell("end");
	MUST_BE(fact(answer, "strange"), 0);
	MUST_BE(fact(answer, "marks"), marks);
	MUST_BE(fact(answer, "in"), sent + (size_t)marks);
	MUST_BE(fact(answer, "bad"), 0);
}

/* P38: a handler closes, forks away from, or asks about what is being read. */
static void
close_it(int sig)
{
	const int saved = errno;

	(void)sig;
	alarms++;
	close(busy_fd);
	errno = saved;
}

static void
handler_closes(void)
{
	const struct itimerval it = { .it_value.tv_usec = 50000 };
	char c;

	busy_fd = dial_and_take(0);
	catch (close_it, 0);
	MUST_BE(setitimer(ITIMER_REAL, &it, NULL), 0);
	MUST_BE(recv(busy_fd, &c, 1, 0), -1);
	MUST(errno == EINTR || errno == EBADF);
	MUST_BE(alarms, 1);
	MUST_FAIL(recv(busy_fd, &c, 1, 0), EBADF);
}

/* P40: a write to who has left ends the program, by SIGPIPE. */
static void
write_on(int fd, bool nosignal)
{
	char buf[1000];

	memset(buf, 'x', sizeof(buf));
	for (int i = 0; i < 1000; i++) {
		const ssize_t n = nosignal
		    ? send(fd, buf, sizeof(buf), MSG_NOSIGNAL)
		    : write(fd, buf, sizeof(buf));

		if (n < 0) {
			MUST(errno == EPIPE || errno == ECONNRESET);
			if (errno == EPIPE)
				return;
		}
		(void)polled(fd, POLLIN, 5);
	}
	MUST(false);
}

static void
pipe_kills(void)
{
	const int fd = dial_and_take(0);

	signal(SIGPIPE, SIG_DFL);
	tell("close");
	write_on(fd, false);
}

static void
pipe_answers(void)
{
	const int fd = dial_and_take(0);

	signal(SIGPIPE, SIG_DFL);
	tell("close");
	write_on(fd, true);
	signal(SIGPIPE, SIG_IGN);
	MUST_FAIL(write(fd, "x", 1), EPIPE);
	/* And close, which has more to say, is no reason for a signal. */
	signal(SIGPIPE, SIG_DFL);
	MUST_BE(close(fd), 0);
}

static sigjmp_buf away;

static void
jump_away(int sig)
{
	(void)sig;
	siglongjmp(away, 1);
}

/* P40: a handler of SIGPIPE that does not come back. */
static void
pipe_jumps(void)
{
	volatile int fd = dial_and_take(0);

	signal(SIGPIPE, jump_away);
	MUST_BE(shutdown(fd, SHUT_WR), 0);
	if (sigsetjmp(away, 1) == 0) {
		(void)!write(fd, "x", 1);
		MUST(false);
	}
	MUST_BE(close(fd), 0);
	fd = dial_and_take(0);
	tell("echo");
	must_echo(fd, "again");
}

static void
write_other(int sig)
{
	(void)sig;
	alarms++;
	MUST_BE(write(busy_fd, "!", 1), 1);
}

/* P40: and one that writes to another connection. */
static void
pipe_writes(void)
{
	const int fd = dial_and_take(0);

	busy_fd = dial_and_take(0);
	signal(SIGPIPE, write_other);
	MUST_BE(shutdown(fd, SHUT_WR), 0);
	MUST_FAIL(write(fd, "x", 1), EPIPE);
	MUST_BE(alarms, 1);
	tell("read 1");
}

static void *
disturb_close(void *arg)
{
	until_asleep(main_thread);
	MUST_BE(pthread_kill(main_pthread, SIGALRM), 0);
	while (alarms == 0)
		usleep(1000);
	tell("get %zu", *(const size_t *)arg);
	return NULL;
}

/*
 * P38: a handler writes while close waits to say goodbye, and the thread can be
 * cancelled as before.
 */
static void
handler_in_close(void)
{
	int fd, state = -1;
	pthread_t thread;
	size_t sent;

	busy_fd = dial_and_take(0);
	tell("rcvbuf 4096");
	fd = dial_and_take(0);
	sent = fill_up(fd);
	catch (write_other, 0);
	main_thread = (pid_t)syscall(SYS_gettid);
	main_pthread = pthread_self();
	MUST_BE(pthread_create(&thread, NULL, disturb_close, &sent), 0);
	MUST_BE(close(fd), 0);
	MUST_BE(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state), 0);
	MUST_BE(state, PTHREAD_CANCEL_ENABLE);
	MUST_BE(pthread_join(thread, NULL), 0);
	MUST_BE(alarms, 1);
	MUST(says(tell("end"), " notify=1 bad=0 end=eof"));
	tell("on 0");
	tell("read 1");
}

static const struct verb verbs[] = {
	{ "restart", restart },
	{ "interrupted", interrupted },
	{ "with_timeout", with_timeout },
	{ "handler_sends", handler_sends },
	{ "handler_closes", handler_closes },
	{ "pipe_kills", pipe_kills },
	{ "pipe_answers", pipe_answers },
	{ "pipe_jumps", pipe_jumps },
	{ "pipe_writes", pipe_writes },
	{ "handler_in_close", handler_in_close },
};

PROG_MAIN(verbs)
