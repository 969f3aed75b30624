/* Firmware: it compiles for the device as it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "sensor.h"

static int
prepare(int sock, const char *host)
{
	const sec_tag_t tags[] = { SENSOR_CA_TAG };
	const struct zsock_timeval timeout = { .tv_sec = 10 };

	if (zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST, tags,
	        sizeof(tags)) < 0 ||
	    zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME, host,
	        strlen(host) + 1) < 0 ||
	    zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO,
	        &timeout, sizeof(timeout)) < 0)
		return -errno;
	return 0;
}

static int
send_reading(int sock, const char *host, int32_t milli_celsius)
{
	char body[32], request[256];
	int len;

	snprintf(body, sizeof(body), "{\"mC\":%d}", (int)milli_celsius);
	len = snprintf(request, sizeof(request),
	    "POST /readings HTTP/1.0\r\nHost: %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    host, strlen(body), body);
	if (len >= (int)sizeof(request))
		return -EMSGSIZE;
	for (int sent = 0; sent < len;) {
		const ssize_t n =
		    zsock_send(sock, request + sent, (size_t)(len - sent), 0);

		if (n < 0)
			return -errno;
		sent += (int)n;
	}
	return 0;
}

/* Of the answer only "HTTP/1.x 2" counts. */
static int
recv_status(int sock)
{
	char head[10];
	size_t len = 0;

	while (len < sizeof(head)) {
		const ssize_t n =
		    zsock_recv(sock, head + len, sizeof(head) - len, 0);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		len += (size_t)n;
	}
	return memcmp(head, "HTTP/1.", 7) == 0 && head[9] == '2' ? 0 : -EBADMSG;
}

int
sensor_post(const char *host, uint16_t port, int32_t milli_celsius)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET,
		.ai_socktype = NET_SOCK_STREAM };
	struct zsock_addrinfo *found;
	char service[6];
	int err, sock;

	snprintf(service, sizeof(service), "%u", port);
	if (zsock_getaddrinfo(host, service, &hints, &found) != 0)
		return -EHOSTUNREACH;
	sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	err = sock < 0 ? -errno : prepare(sock, host);
	if (err == 0 &&
	    zsock_connect(sock, found->ai_addr, found->ai_addrlen) < 0)
		err = -errno;
	if (err == 0)
		err = send_reading(sock, host, milli_celsius);
	if (err == 0)
		err = recv_status(sock);
	if (sock >= 0)
		zsock_close(sock);
	zsock_freeaddrinfo(found);
	return err;
}
