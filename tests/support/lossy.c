#include "support/lossy.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/kernel.h"

#define HEADERS 28 /* of IPv4 and UDP */

/* A datagram that the next one overtakes. */
struct held {
	int kfd;
	unsigned char data[2048];
	size_t len; /* 0: none is held */
	struct sockaddr_storage to;
	socklen_t tolen;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by lock. */
static struct lossy_rates rates;
static unsigned seed;
static struct held held;
static size_t limit;

static const struct kernel *below;
static struct kernel table;

static unsigned
next_random(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static bool
happens(unsigned rate)
{
	return next_random() % 1000 < rate;
}

static void
release(void)
{
	if (held.len == 0)
		return;
	/* Its socket may be gone, and then so is the datagram. */
	(void)below->sendto(held.kfd, held.data, held.len,
	    MSG_DONTWAIT | MSG_NOSIGNAL,
	    held.tolen > 0 ? (struct sockaddr *)&held.to : NULL, held.tolen);
	held.len = 0;
}

static void
hold(int kfd, const void *data, size_t len, const struct sockaddr *to,
    socklen_t tolen)
{
	held.kfd = kfd;
	held.len = len;
	held.tolen = to != NULL ? tolen : 0;
	memcpy(held.data, data, len);
	if (to != NULL)
		memcpy(&held.to, to, tolen);
}

static ssize_t
send_changed(int kfd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t tolen)
{
	unsigned char copy[sizeof(held.data)];

	memcpy(copy, data, len);
	copy[next_random() % len] ^= (unsigned char)(1u << next_random() % 8);
	return below->sendto(kfd, copy, len, flags, to, tolen);
}

/* Is it one of those to which something may happen? */
static bool
is_exposed(int kfd)
{
	if (rates.from != 0 && rates.from != kfd)
		return false;
	if (rates.spared == 0)
		return true;
	rates.spared--;
	return false;
}

static ssize_t
send_somehow(int kfd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t tolen)
{
	if (!is_exposed(kfd))
		return below->sendto(kfd, data, len, flags, to, tolen);
	if (happens(rates.lost))
		return (ssize_t)len;
	if (happens(rates.doubled))
		(void)below->sendto(kfd, data, len, flags, to, tolen);
	if (happens(rates.changed))
		return send_changed(kfd, data, len, flags, to, tolen);
	if (held.len == 0 && happens(rates.overtaken)) {
		hold(kfd, data, len, to, tolen);
		return (ssize_t)len;
	}
	return below->sendto(kfd, data, len, flags, to, tolen);
}

static ssize_t
lossy_sendto(int kfd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t tolen)
{
	ssize_t n;

	pthread_mutex_lock(&lock);
	if (limit != 0 && len > limit) {
		pthread_mutex_unlock(&lock);
		errno = EMSGSIZE;
		return -1;
	}
	if (len == 0 || len > sizeof(held.data)) {
		n = below->sendto(kfd, data, len, flags, to, tolen);
	} else {
		const bool overtakes = held.len > 0;

		n = send_somehow(kfd, data, len, flags, to, tolen);
		if (overtakes) {
			const int saved = errno;

			release();
			errno = saved;
		}
	}
	pthread_mutex_unlock(&lock);
	return n;
}

static int
lossy_getsockopt(int kfd, int level, int name, void *val, socklen_t *len)
{
	const int rc = below->getsockopt(kfd, level, name, val, len);
	int mtu;

	if (rc == -1 || level != IPPROTO_IP || name != IP_MTU)
		return rc;
	pthread_mutex_lock(&lock);
	mtu = (int)limit + HEADERS;
	if (limit != 0)
		memcpy(val, &mtu, sizeof(mtu));
	pthread_mutex_unlock(&lock);
	return rc;
}

void
lossy_install(void)
{
	below = kernel;
	table = *kernel;
	table.sendto = lossy_sendto;
	table.getsockopt = lossy_getsockopt;
	kernel = &table;
	lossy_end();
	lossy_limit(0);
}

void
lossy_remove(void)
{
	kernel = below;
}

void
lossy_begin(unsigned s, const struct lossy_rates *r)
{
	pthread_mutex_lock(&lock);
	seed = s;
	rates = *r;
	pthread_mutex_unlock(&lock);
}

void
lossy_end(void)
{
	pthread_mutex_lock(&lock);
	rates = (struct lossy_rates){ 0 };
	held.len = 0;
	pthread_mutex_unlock(&lock);
}

void
lossy_limit(size_t bytes)
{
	pthread_mutex_lock(&lock);
	limit = bytes;
	pthread_mutex_unlock(&lock);
}
