/*
 * soak [SECONDS [SEED [RATE]]]: the soak for that long (1800), and whether
 * memory and descriptors stayed flat.  RATE is how many operations a second
 * there are (1000; 0 is as many as there can be).
 *
 * With "short" as SECONDS it is a test: twice 2 seconds, and what is left after
 * each.
 */
#include "soak/soak.h"

#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "cred/store.h"
#include "support/ctl.h"

#define REPORT_S 10
#define SAMPLES_MAX 4096

/* How much the last third may have above the second: a part, and bytes. */
#define GROWTH_PERCENT 5
#define GROWTH_BYTES (512 * 1024)
#define GROWTH_DESCRIPTORS 40

const struct soak_row soak_rows[SOAK_SERVERS] = {
	[SOAK_TCP] = { "tcp", SOCK_STREAM, 0, 0, 0, 0 },
	[SOAK_TLS_1_2] = { "tls 1.2", SOCK_STREAM, NET_IPPROTO_TLS_1_2, 0xc02b,
	    SOAK_SERVER, SOAK_CA },
	[SOAK_TLS_1_3] = { "tls 1.3", SOCK_STREAM, NET_IPPROTO_TLS_1_3, 0,
	    SOAK_SERVER, SOAK_CA },
	[SOAK_TLS_1_2_PSK] = { "tls 1.2 psk", SOCK_STREAM, NET_IPPROTO_TLS_1_2,
	    0x00a8, SOAK_PSK, SOAK_PSK },
	[SOAK_TLS_1_3_PSK] = { "tls 1.3 psk", SOCK_STREAM, NET_IPPROTO_TLS_1_3,
	    0, SOAK_PSK, SOAK_PSK },
	[SOAK_UDP] = { "udp", SOCK_DGRAM, 0, 0, 0, 0 },
	[SOAK_DTLS] = { "dtls", SOCK_DGRAM, NET_IPPROTO_DTLS_1_2, 0xc0a8,
	    SOAK_PSK, SOAK_PSK },
};

uint64_t soak_seed;
unsigned soak_rate = 1000;
struct sockaddr_in soak_addrs[SOAK_SERVERS];
struct pki soak_pki;
atomic_bool soak_stop;
atomic_ulong soak_operations, soak_connections, soak_failures, soak_kills,
    soak_closes, soak_changes, soak_mismatches;
pthread_rwlock_t soak_numbers = PTHREAD_RWLOCK_INITIALIZER;

struct sample {
	long rss, used;
	int descriptors;
};

static struct sample samples[SAMPLES_MAX];
static int nsamples;

void
soak_must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

void
soak_wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("WRONG: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	atomic_fetch_add(&soak_mismatches, 1);
}

struct soak_random
soak_random_of(unsigned thread)
{
	const uint64_t s = soak_seed + (thread + 1) * 0x9e3779b97f4a7c15ULL;

	return (struct soak_random){ s != 0 ? s : 1 };
}

uint32_t
soak_random(struct soak_random *r, uint32_t below)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)(r->state >> 32) % below;
}

pthread_t
soak_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	soak_must(pthread_create(&thread, NULL, fn, arg) == 0,
	    "start a thread");
	return thread;
}

/* Resident bytes of the process. */
static long
resident(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static struct sample
measure(void)
{
	return (struct sample){ resident(), (long)mallinfo2().uordblks,
		ctl_descriptors() };
}

static void
report(int second)
{
	const struct sample s = measure();

	if (nsamples < SAMPLES_MAX)
		samples[nsamples++] = s;
	printf("%5d s: %6ld KiB resident, %6ld KiB in use, %4d descriptors; "
	       "%lu operations, %lu connections, %lu failed, %lu killed, %lu "
	       "closed by others, %lu changes\n",
	    second, s.rss / 1024, s.used / 1024, s.descriptors,
	    atomic_load(&soak_operations), atomic_load(&soak_connections),
	    atomic_load(&soak_failures), atomic_load(&soak_kills),
	    atomic_load(&soak_closes), atomic_load(&soak_changes));
	fflush(stdout);
}

static void
start(void)
{
	pki_store_ca(SOAK_CA, &soak_pki.ca);
	pki_store_identity(SOAK_SERVER, &soak_pki.server);
	soak_must(store_add(SOAK_PSK, CRED_PSK, "a secret of ours", 16) == 0 &&
	        store_add(SOAK_PSK, CRED_PSK_ID, "us", 2) == 0,
	    "store a key");
	atomic_store(&soak_stop, false);
	soak_start_servers();
	soak_start_clients();
	soak_start_trouble();
}

static void
stop(void)
{
	atomic_store(&soak_stop, true);
	soak_join_trouble();
	soak_join_clients();
	soak_join_servers();
	for (int tag = SOAK_CA; tag <= SOAK_PSK; tag++)
		pki_forget(tag);
}

static int
compare(const void *a, const void *b)
{
	const long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* The median of one number of the samples from, up to to. */
static long
median(int from, int to, int which)
{
	static long values[SAMPLES_MAX];
	int n = 0;

	for (int i = from; i < to; i++) {
		const struct sample *s = &samples[i];

		values[n++] = which == 0 ? s->rss
		    : which == 1         ? s->used
		                         : s->descriptors;
	}
	qsort(values, (size_t)n, sizeof(values[0]), compare);
	return n > 0 ? values[n / 2] : 0;
}

/* True if the last third has no more than the second, but for a bound. */
static bool
is_flat(const char *what, int which, long slack)
{
	const int third = nsamples / 3;
	const long before = median(third, 2 * third, which);
	const long after = median(2 * third, nsamples, which);
	const bool flat =
	    after <= before + slack + before / 100 * GROWTH_PERCENT;

	printf("%s: %ld in the second third, %ld in the last: %s\n", what,
	    before, after, flat ? "flat" : "NOT FLAT");
	return flat;
}

static int
verdict(void)
{
	bool good = is_flat("resident bytes", 0, GROWTH_BYTES);

	good &= is_flat("bytes in use", 1, GROWTH_BYTES);
	good &= is_flat("descriptors", 2, GROWTH_DESCRIPTORS);
	printf("wrong content or answers: %lu\n",
	    atomic_load(&soak_mismatches));
	good &= atomic_load(&soak_mismatches) == 0;
	printf("%s\n", good ? "passed" : "FAILED");
	return good ? 0 : 1;
}

static int
soak(int seconds)
{
	/* Enough samples for three thirds, however short it is. */
	const int each = seconds >= 9 * REPORT_S ? REPORT_S
	    : seconds >= 9                       ? seconds / 9
	                                         : 1;
	start();
	for (int s = 0; s < seconds; s += each) {
		sleep((unsigned)each);
		report(s + each);
	}
	stop();
	return verdict();
}

/* What is left when all has ended, the second time as after the first. */
static int
soak_short(void)
{
	struct sample left[3];
	bool good;

	left[0] = measure();
	for (int i = 1; i < 3; i++) {
		start();
		sleep(2);
		stop();
		report(2 * i);
		left[i] = measure();
	}
	good = left[2].descriptors <= left[1].descriptors &&
	    left[2].used <= left[1].used + GROWTH_BYTES &&
	    atomic_load(&soak_mismatches) == 0 &&
	    atomic_load(&soak_operations) > 0;
	printf("%s soak_short: %ld and %ld bytes, %d and %d descriptors left, "
	       "%lu wrong\n",
	    good ? "ok" : "FAILED", left[1].used, left[2].used,
	    left[1].descriptors, left[2].descriptors,
	    atomic_load(&soak_mismatches));
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *length = argc > 1 ? argv[1] : "1800";
	const bool is_short = strcmp(length, "short") == 0;
	int rc;

	soak_seed =
	    argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
	if (argc > 3)
		soak_rate = (unsigned)strtoul(argv[3], NULL, 0);
	if (!is_short && atoi(length) <= 0) {
		fprintf(stderr, "usage: soak [SECONDS|short [SEED [RATE]]]\n");
		return 2;
	}
	setenv("ZSOCK_LOG", "off", 1); /* failures are part of it */
	config_reload();
	signal(SIGPIPE, SIG_DFL); /* none is ever raised */
	printf("seed %" PRIu64 ", %u operations a second\n", soak_seed,
	    soak_rate);
	pki_init(&soak_pki, PKI_EC);
	rc = is_short ? soak_short() : soak(atoi(length));
	pki_fini(&soak_pki);
	return rc;
}
