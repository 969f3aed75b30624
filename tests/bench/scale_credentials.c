/* Credentials, 1 to 1,000 in the store: CA certificates, each under its tag. */
#include <pthread.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "base/deadline.h"
#include "bench/machine.h"
#include "bench/scale.h"
#include "bench/ways.h"
#include "support/pki.h"

#define MOST 1000
#define FIRST_TAG 1000
#define OTHER_TAG 900 /* of the one that comes and goes */
#define ADDITIONS 200
#define GETS 20000
#define HANDSHAKES 50

static struct pki_bytes pem;
static struct sockaddr_in address;
static int listener;

static void
add(int tag)
{
	bench_must(tls_credential_add(tag, TLS_CREDENTIAL_CA_CERTIFICATE,
	               pem.data, pem.len) == 0,
	    "tls_credential_add");
}

static double
add_ns(int n)
{
	int64_t start, all = 0;

	(void)n;
	for (int i = 0; i < ADDITIONS; i++) {
		start = deadline_now_ns();
		add(OTHER_TAG);
		all += deadline_now_ns() - start;
		bench_must(tls_credential_delete(OTHER_TAG,
		               TLS_CREDENTIAL_CA_CERTIFICATE) == 0,
		    "tls_credential_delete");
	}
	return (double)all / ADDITIONS;
}

static double
get_ns(int n)
{
	const int64_t start = deadline_now_ns();
	char room[4096];

	for (int i = 0; i < GETS; i++) {
		size_t len = sizeof(room);

		bench_must(tls_credential_get(FIRST_TAG + i * 7 % n,
		               TLS_CREDENTIAL_CA_CERTIFICATE, room, &len) == 0,
		    "tls_credential_get");
	}
	return (double)(deadline_now_ns() - start) / GETS;
}

static void *
serve(void *arg)
{
	int fd;

	bench_pin(0, BENCH_CPU_SECOND);
	while ((fd = zsock_accept(listener, NULL, NULL)) >= 0)
		zsock_close(fd);
	return arg;
}

/* With the tag that was added last. */
static double
handshake_us(int n)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < HANDSHAKES; i++) {
		const int fd =
		    zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2);

		bench_set_tls(fd, ZSOCK_TLS_SEC_TAG_LIST,
		    &(int){ FIRST_TAG + n - 1 }, sizeof(int));
		bench_set_tls(fd, ZSOCK_TLS_HOSTNAME, "localhost", 9);
		bench_must(zsock_connect(fd, (struct sockaddr *)&address,
		               sizeof(address)) == 0,
		    "zsock_connect");
		zsock_close(fd);
	}
	return (double)(deadline_now_ns() - start) / HANDSHAKES / 1000;
}

static struct scale_curve memory = { .name = "memory of n credentials",
	.unit = "KiB" };
static struct {
	struct scale_curve curve;
	double (*measure)(int n);
} curves[] = {
	{ { .name = "tls_credential_add beside n credentials", .unit = "ns" },
	    add_ns },
	{ { .name = "tls_credential_get of one of n credentials",
	      .unit = "ns" },
	    get_ns },
	{ { .name = "TLS handshake with one tag of n credentials",
	      .unit = "us" },
	    handshake_us },
};

#define CURVES (sizeof(curves) / sizeof(curves[0]))

static void
points(void)
{
	double total = 0;
	int held = 0;

	for (int n = 1; n <= MOST; n *= 10) {
		total -= scale_heap();
		for (; held < n; held++)
			add(FIRST_TAG + held);
		total += scale_heap();
		scale_add(&memory, n, total);
		for (size_t i = 0; i < CURVES; i++)
			scale_add(&curves[i].curve, n,
			    scale_median(curves[i].measure, n));
	}
	while (held > 0)
		pki_forget(FIRST_TAG + --held);
}

void
scale_credentials(void)
{
	pthread_t thread;

	bench_identities();
	pem = pki_cert_pem(&(struct pki_cert){ .cert = bench_ca() });
	listener = bench_listen_ours(&address, NET_IPPROTO_TLS_1_2);
	bench_set_tls(listener, ZSOCK_TLS_SEC_TAG_LIST,
	    &(int){ BENCH_SERVER_TAG }, sizeof(int));
	pthread_create(&thread, NULL, serve, NULL);
	points();
	zsock_close(listener);
	pthread_join(thread, NULL);
	pki_bytes_free(&pem);
	scale_print(&memory);
	for (size_t i = 0; i < CURVES; i++)
		scale_print(&curves[i].curve);
}
