/*
 * New connections of one client after the other, a handshake and nothing else:
 * by OpenSSL's own programs s_time and s_server, and by a client and a server
 * of ours; the server has a processor of its own, and no client verifies.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "base/deadline.h"
#include "bench/bench.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "bench/ways.h"
#include "support/pki.h"

#define ROUNDS 7
#define OURS_NS 500000000
#define FIRST_TAG 20 /* of the kind's identity */
#define TRIES 500
#define PAUSE_US 10000

static const struct kind {
	enum bench_row row;
	enum pki_key_type key;
	const char *version, *suites, *suite; /* in the words of OpenSSL */
	int number;
} kinds[] = {
	{ ROW_S_TIME_1_3_EC, PKI_EC, "-tls1_3", "-ciphersuites",
	    BENCH_SUITE_NAME, BENCH_SUITE },
	{ ROW_S_TIME_1_3_RSA, PKI_RSA, "-tls1_3", "-ciphersuites",
	    BENCH_SUITE_NAME, BENCH_SUITE },
	{ ROW_S_TIME_1_2_EC, PKI_EC, "-tls1_2", "-cipher",
	    "ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b },
	{ ROW_S_TIME_1_2_RSA, PKI_RSA, "-tls1_2", "-cipher",
	    "ECDHE-RSA-AES128-GCM-SHA256", 0xc02f },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* One kind's server by each way, and their address. */
struct servers {
	const struct kind *kind;
	char dir[32], cert[48], key[48];
	pid_t pid;
	struct sockaddr_in openssl, ours;
	int listener;
	pthread_t thread;
};

static void
write_file(const char *path, struct pki_bytes bytes)
{
	FILE *file = fopen(path, "w");

	bench_must(file != NULL &&
	        fwrite(bytes.data, 1, bytes.len - 1, file) == bytes.len - 1 &&
	        fclose(file) == 0,
	    path);
	pki_bytes_free(&bytes);
}

static void
make_identity(struct servers *s)
{
	struct pki pki;

	pki_init(&pki, s->kind->key);
	pki_store_identity(FIRST_TAG, &pki.server);
	strcpy(s->dir, "/tmp/zsock-bench-XXXXXX");
	bench_must(mkdtemp(s->dir) != NULL, s->dir);
	snprintf(s->cert, sizeof(s->cert), "%s/cert", s->dir);
	snprintf(s->key, sizeof(s->key), "%s/key", s->dir);
	write_file(s->cert, pki_cert_pem(&pki.server));
	write_file(s->key, pki_key_pem(&pki.server));
	pki_fini(&pki);
}

static void
forget_identity(struct servers *s)
{
	pki_forget(FIRST_TAG);
	unlink(s->cert);
	unlink(s->key);
	rmdir(s->dir);
}

/* OpenSSL's program; what it says goes to out, or nowhere. */
static pid_t
run_openssl(char *const argv[], enum bench_cpu cpu, int out)
{
	const pid_t pid = fork();

	bench_must(pid >= 0, "fork");
	if (pid == 0) {
		const int null = open("/dev/null", O_RDWR);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		bench_pin(0, cpu);
		dup2(null, 0);
		dup2(out >= 0 ? out : null, 1);
		dup2(null, 2);
		execvp("openssl", argv);
		_exit(127);
	}
	return pid;
}

static bool
answers(const struct sockaddr_in *addr)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	const int rc =
	    connect(fd, (const struct sockaddr *)addr, sizeof(*addr));

	close(fd);
	return rc == 0;
}

static void
start_openssl(struct servers *s)
{
	const struct kind *k = s->kind;
	char address[32];
	char *const argv[] = { "openssl", "s_server", "-accept", address,
		"-quiet", "-www", "-cert", s->cert, "-key", s->key,
		(char *)k->version, (char *)k->suites, (char *)k->suite, NULL };

	close(bench_listen_raw(&s->openssl)); /* a port that is free */
	snprintf(address, sizeof(address), "127.0.0.1:%d",
	    ntohs(s->openssl.sin_port));
	s->pid = run_openssl(argv, BENCH_CPU_SECOND, -1);
	for (int i = 0; i < TRIES && !answers(&s->openssl); i++) {
		bench_must(waitpid(s->pid, NULL, WNOHANG) == 0, "s_server");
		usleep(PAUSE_US);
	}
}

static void *
serve(void *arg)
{
	const struct servers *s = arg;
	int fd;

	bench_pin(0, BENCH_CPU_SECOND);
	while ((fd = zsock_accept(s->listener, NULL, NULL)) >= 0)
		zsock_close(fd);
	return NULL;
}

static void
start_ours(struct servers *s)
{
	s->listener = bench_listen_ours(&s->ours, NET_IPPROTO_TLS_1_2);
	bench_set_tls(s->listener, ZSOCK_TLS_SEC_TAG_LIST, &(int){ FIRST_TAG },
	    sizeof(int));
	pthread_create(&s->thread, NULL, serve, s);
}

static void
stop(struct servers *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	zsock_close(s->listener);
	pthread_join(s->thread, NULL);
}

static double
ours_ns(const struct servers *s)
{
	const int64_t start = deadline_now_ns();
	int64_t end;
	int n = 0;

	do {
		const int fd =
		    zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2);

		bench_set_tls(fd, ZSOCK_TLS_PEER_VERIFY,
		    &(int){ ZSOCK_TLS_PEER_VERIFY_NONE }, sizeof(int));
		bench_set_tls(fd, ZSOCK_TLS_CIPHERSUITE_LIST, &s->kind->number,
		    sizeof(int));
		bench_must(zsock_connect(fd, (const struct sockaddr *)&s->ours,
		               sizeof(s->ours)) == 0,
		    "zsock_connect");
		zsock_close(fd);
		n++;
		end = deadline_now_ns();
	} while (end - start < OURS_NS);
	return (double)(end - start) / n;
}

/* How many connections s_time has in how many nanoseconds of its life. */
static int64_t
run_s_time(const struct kind *k, const struct sockaddr_in *addr, int *n)
{
	const int64_t start = deadline_now_ns();
	char address[32], line[160];
	char *const argv[] = { "openssl", "s_time", "-connect", address, "-new",
		"-time", "1", (char *)k->version, (char *)k->suites,
		(char *)k->suite, NULL };
	int ends[2];
	FILE *file;
	pid_t pid;

	snprintf(address, sizeof(address), "127.0.0.1:%d",
	    ntohs(addr->sin_port));
	bench_must(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
	pid = run_openssl(argv, BENCH_CPU_FIRST, ends[1]);
	close(ends[1]);
	file = fdopen(ends[0], "r");
	*n = 0;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strstr(line, " real seconds") != NULL)
			*n = atoi(line);
	}
	bench_must(file != NULL && fclose(file) == 0, "s_time");
	waitpid(pid, NULL, 0);
	return deadline_now_ns() - start;
}

/*
 * It counts whole seconds only, so it is timed from outside, less what it takes
 * to begin and to end, which it needs where nobody listens as well.
 */
static double
openssl_ns(const struct servers *s)
{
	struct sockaddr_in nobody;
	int64_t idle, all;
	int n;

	close(bench_listen_raw(&nobody));
	idle = run_s_time(s->kind, &nobody, &n);
	all = run_s_time(s->kind, &s->openssl, &n);
	bench_must(n > 0, "s_time");
	return (double)(all - idle) / n;
}

static double
measure(const void *how, bool mine)
{
	return mine ? ours_ns(how) : openssl_ns(how);
}

void
bench_s_time(void)
{
	struct servers s;

	if (system("command -v openssl >/dev/null") != 0) {
		for (size_t i = 0; i < KINDS; i++)
			row_absent(kinds[i].row, "no openssl here");
		return;
	}
	for (size_t i = 0; i < KINDS; i++) {
		s = (struct servers){ .kind = &kinds[i] };
		make_identity(&s);
		start_openssl(&s);
		start_ours(&s);
		row_run(s.kind->row, ROUNDS, measure, &s);
		stop(&s);
		forget_identity(&s);
	}
}
