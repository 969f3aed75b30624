/*
 * peer: starts a program, is its peer, and says what it has seen of it.
 *
 *	peer plain|tls|dtls [-c CERT -k KEY] [-m MODE] [-s SECONDS] [-o FILE]
 *	     [-e VAR=VALUE]... -- PROGRAM [ARG...]
 *
 * It listens at a port of 127.0.0.1 of which PROGRAM hears by PEER_PORT, and
 * that stands for "%p" in each VALUE and ARG.  "%l", LISTEN_PORT, is one that
 * is kept for PROGRAM to listen at, with SO_REUSEADDR.  PROGRAM's descriptor
 * PEER_FD is for what it has to tell the peer.  Without PROGRAM the port is printed, and
 * the lines come from standard input.  In the end a line of facts for each
 * connection is written to FILE, and the exit code is PROGRAM's, 124 if it was
 * not ready in time.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include <openssl/err.h>

#define CONTROL 99

struct peer peer = {
	.mode = MODE_SCRIPT,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.news = PTHREAD_COND_INITIALIZER,
};

static pid_t program;
static int spare_port;

void
peer_die(const char *what, int line)
{
	fprintf(stderr, "peer: line %d: %s: %s\n", line, what, strerror(errno));
	ERR_print_errors_fp(stderr);
	if (program > 0)
		kill(-program, SIGKILL);
	_exit(99);
}

static void
too_late(int sig)
{
	static const char text[] = "peer: the program is not ready in time\n";

	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	if (program > 0)
		kill(-program, SIGKILL);
	_exit(124);
}

static int
stream(void)
{
	return peer.kind == PEER_DTLS ? SOCK_DGRAM : SOCK_STREAM;
}

/* Binds a socket, and says where. */
static int
bind_somewhere(int fd)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);

	NEED(fd >= 0 && bind(fd, (void *)&addr, len) == 0);
	NEED(getsockname(fd, (void *)&addr, &len) == 0);
	return ntohs(addr.sin_port);
}

static void
open_listener(void)
{
	const int spare = socket(AF_INET, stream() | SOCK_CLOEXEC, 0), one = 1;

	peer.listener = socket(AF_INET, stream() | SOCK_CLOEXEC, 0);
	peer.port = bind_somewhere(peer.listener);
	NEED(peer.kind == PEER_DTLS || listen(peer.listener, 64) == 0);
	setsockopt(spare, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	spare_port = bind_somewhere(spare);
}

static int
accept_datagrams(void)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char c;

	if (recvfrom(peer.listener, &c, 1, MSG_PEEK, (void *)&addr, &len) < 0 ||
	    connect(peer.listener, (void *)&addr, len) < 0)
		return -1;
	return peer.listener;
}

static void *
accept_all(void *arg)
{
	const int one = 1;
	int fd;

	do {
		if (peer.kind == PEER_DTLS)
			fd = accept_datagrams();
		else
			fd = accept4(peer.listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return arg;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		link_start(link_add(fd, peer.mode, false));
	} while (peer.kind != PEER_DTLS);
	return arg;
}

struct link *
peer_dial(int port, bool shake)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, stream() | SOCK_CLOEXEC, 0), one = 1;
	struct link *l;

	NEED(fd >= 0);
	if (connect(fd, (const void *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return NULL;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	l = link_add(fd, peer.mode, true);
	if (shake)
		link_start(l);
	return l;
}

static void
make_contexts(const char *cert, const char *key)
{
	const bool dtls = peer.kind == PEER_DTLS;

	if (peer.kind == PEER_PLAIN)
		return;
	peer.server =
	    SSL_CTX_new(dtls ? DTLS_server_method() : TLS_server_method());
	peer.client =
	    SSL_CTX_new(dtls ? DTLS_client_method() : TLS_client_method());
	NEED(peer.server != NULL && peer.client != NULL);
	NEED(cert != NULL && key != NULL);
	NEED(SSL_CTX_use_certificate_chain_file(peer.server, cert) == 1);
	NEED(SSL_CTX_use_PrivateKey_file(peer.server, key, SSL_FILETYPE_PEM) ==
	    1);
}

/* text, with each "%p" the port; to be freed. */
static char *
with_port(const char *text)
{
	char *made = NULL;
	size_t len;
	FILE *f = open_memstream(&made, &len);

	NEED(f != NULL);
	for (; *text != '\0'; text++) {
		if (text[0] == '%' && (text[1] == 'p' || text[1] == 'l'))
			fprintf(f, "%d",
			    *++text == 'p' ? peer.port : spare_port);
		else
			fputc(*text, f);
	}
	NEED(fclose(f) == 0);
	return made;
}

static void
start(char **argv, char **vars, size_t nvars, int *control)
{
	char port[16], spare[16], number[16];
	int pair[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	program = fork();
	NEED(program >= 0);
	*control = pair[0];
	if (program > 0) {
		setpgid(program, program);
		close(pair[1]);
		return;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(0);
	signal(SIGPIPE, SIG_DFL);
	snprintf(port, sizeof(port), "%d", peer.port);
	snprintf(spare, sizeof(spare), "%d", spare_port);
	snprintf(number, sizeof(number), "%d", CONTROL);
	NEED(dup2(pair[1], CONTROL) == CONTROL);
	NEED(setenv("PEER_PORT", port, 1) == 0);
	NEED(setenv("LISTEN_PORT", spare, 1) == 0);
	NEED(setenv("PEER_FD", number, 1) == 0);
	for (size_t i = 0; i < nvars; i++)
		NEED(putenv(with_port(vars[i])) == 0);
	for (char **arg = argv; *arg != NULL; arg++)
		*arg = with_port(*arg);
	execvp(argv[0], argv);
	fprintf(stderr, "peer: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Until the program closes its end, which it may do long before its own. */
static void
obey(int in, int out)
{
	char line[256], answer[1024];
	FILE *f = fdopen(in, "r");

	NEED(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		cmds_answer(line, answer, sizeof(answer) - 1);
		strcat(answer, "\n");
		if (write(out, answer, strlen(answer)) < 0)
			break;
	}
}

static int
finish(void)
{
	int status, code;

	while (waitpid(program, &status, 0) < 0)
		NEED(errno == EINTR);
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return code;
}

/* What became of each connection when the program had ended. */
static void
report(const char *path)
{
	FILE *f = path == NULL ? NULL : fopen(path, "w");
	const struct timeval tv = { .tv_sec = 5 };
	char facts[512];
	struct link *l;

	for (int i = 0; (l = link_find(i)) != NULL; i++) {
		if (l->fd >= 0)
			setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
			    sizeof(tv));
		if (peer.kind == PEER_DTLS)
			shutdown(l->fd, SHUT_RD);
		if (link_join(l, 5000) && l->fd >= 0 && !l->failed &&
		    l->mode != MODE_MUTE &&
		    (l->ssl != NULL || peer.kind == PEER_PLAIN))
			link_drain(l);
		link_say(l, facts, sizeof(facts));
		if (f != NULL)
			fprintf(f, "%s\n", facts);
	}
	if (f != NULL)
		NEED(fclose(f) == 0);
}

static enum peer_mode
first_mode(const char *name)
{
	return *name == 'e'             ? MODE_ECHO
	    : *name == 'm'              ? MODE_MUTE
	    : strcmp(name, "sink") == 0 ? MODE_SINK
	                                : MODE_SCRIPT;
}

int
main(int argc, char **argv)
{
	const char *cert = NULL, *key = NULL, *facts = NULL;
	char *vars[32];
	size_t nvars = 0;
	int opt, control = STDIN_FILENO, code = 0, seconds = 60;
	pthread_t thread;

	NEED(argc > 1);
	peer.kind = argv[1][0] == 'p' ? PEER_PLAIN
	    : argv[1][0] == 't'       ? PEER_TLS
	                              : PEER_DTLS;
	optind = 2;
	while ((opt = getopt(argc, argv, "+c:k:m:s:o:e:")) != -1) {
		if (opt == 'c')
			cert = optarg;
		else if (opt == 'k')
			key = optarg;
		else if (opt == 'm')
			peer.mode = first_mode(optarg);
		else if (opt == 's')
			seconds = atoi(optarg);
		else if (opt == 'o')
			facts = optarg;
		else
			NEED(opt == 'e' && nvars < 32 &&
			    (vars[nvars++] = optarg) != NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, too_late);
	alarm((unsigned int)seconds);
	make_contexts(cert, key);
	open_listener();
	if (argv[optind] != NULL)
		start(argv + optind, vars, nvars, &control);
	else
		printf("%d\n", peer.port), fflush(stdout);
	NEED(pthread_create(&thread, NULL, accept_all, NULL) == 0);
	obey(control, program > 0 ? control : STDOUT_FILENO);
	if (program > 0)
		code = finish();
	report(facts);
	if (program > 0)
		kill(-program, SIGKILL);
	return code;
}
