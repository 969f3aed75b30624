/* The server of the clients: a process of its own, by OpenSSL alone. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <openssl/pem.h>

#include "bench/machine.h"
#include "bench/shim.h"
#include "bench/ways.h"
#include "bench/worker.h"

static void
put(SSL *ssl, const char *buf, long total)
{
	long n;

	for (; total > 0; total -= n) {
		n = total < WORKER_RECORD ? total : WORKER_RECORD;
		bench_must(SSL_write(ssl, buf, (int)n) == (int)n, "SSL_write");
	}
}

static void
take(SSL *ssl, char *buf, long total)
{
	int n;

	for (; total > 0; total -= n) {
		n = SSL_read(ssl, buf,
		    (int)(total < WORKER_RECORD ? total : WORKER_RECORD));
		bench_must(n > 0, "SSL_read");
	}
}

static void
do_request(SSL *ssl, const struct worker_request *r, char *buf)
{
	const long total = (long)r->size * r->times;

	switch ((enum worker_op)r->op) {
	case WORKER_GIVE:
		put(ssl, buf, total);
		break;
	case WORKER_TAKE:
		take(ssl, buf, total);
		put(ssl, buf, 1);
		break;
	case WORKER_ECHO:
		for (int i = 0; i < r->times; i++) {
			take(ssl, buf, r->size);
			put(ssl, buf, r->size);
		}
		break;
	}
}

static void *
serve(void *arg)
{
	SSL *ssl = arg;
	char *buf = calloc(1, WORKER_RECORD);
	struct worker_request r;

	bench_must(buf != NULL && SSL_accept(ssl) == 1, "SSL_accept");
	while (SSL_read(ssl, &r, sizeof(r)) == (int)sizeof(r))
		do_request(ssl, &r, buf);
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	free(buf);
	return NULL;
}

static void
accept_all(int listener)
{
	pthread_t thread;
	SSL *ssl;
	int fd;

	bench_must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "prctl");
	bench_pin(0, BENCH_CPU_FIRST);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		ssl = SSL_new(bench_server_ctx);
		bench_must(fd >= 0 && ssl != NULL &&
		        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 },
		            sizeof(int)) == 0 &&
		        SSL_set_fd(ssl, fd) == 1 &&
		        pthread_create(&thread, NULL, serve, ssl) == 0 &&
		        pthread_detach(thread) == 0,
		    "accept");
	}
}

/* The CA's certificate for the clients, as a bundle in a file. */
static void
write_bundle(struct shim_server *s)
{
	char *const path = strchr(s->credentials, '=') + 1;
	const int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	bench_must(file != NULL &&
	        fprintf(file,
	            "zsock-credentials 1\n\nSec-Tag: %d\n"
	            "Type: CA\n",
	            WORKER_CA_TAG) > 0 &&
	        PEM_write_X509(file, bench_ca()) == 1 && fclose(file) == 0,
	    path);
}

void
shim_serve(struct shim_server *s)
{
	const int listener = bench_listen_raw(&s->addr);

	snprintf(s->credentials, sizeof(s->credentials),
	    "ZSOCK_CREDENTIALS=/tmp/zsock-bench-XXXXXX");
	write_bundle(s);
	snprintf(s->rule, sizeof(s->rule), "ZSOCK_TLS_CONNECT=*:%d=%d",
	    ntohs(s->addr.sin_port), WORKER_CA_TAG);
	s->pid = fork();
	bench_must(s->pid >= 0, "fork");
	if (s->pid == 0)
		accept_all(listener);
	close(listener);
}

void
shim_unserve(struct shim_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	unlink(strchr(s->credentials, '=') + 1);
}

void
shim_start_client(struct shim_worker *w, const struct shim_server *s)
{
	const char *const variables[] = { s->credentials, s->rule, NULL };

	shim_start(w, shim_client, shim_environment(shim_library, variables),
	    BENCH_CPU_SECOND);
	(void)shim_ask(w, "open", ntohs(s->addr.sin_port), 1);
}

/* In the same profile. */
void
shim_start_linked(struct shim_worker *w, const struct shim_server *s)
{
	const char *const variables[] = { s->credentials, "ZSOCK_PROFILE=linux",
		NULL };

	shim_start(w, shim_linked, shim_environment(NULL, variables),
	    BENCH_CPU_SECOND);
	(void)shim_ask(w, "open", ntohs(s->addr.sin_port), 1);
}
