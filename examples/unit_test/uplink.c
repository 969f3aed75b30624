/*
 * A module of some firmware, as it is on the device: no line of it is there for
 * the test.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include "uplink.h"

LOG_MODULE_REGISTER(uplink, LOG_LEVEL_INF);

#define ANSWER_MAX 32

static int
prepare(int sock, const struct uplink_server *server)
{
	const sec_tag_t tags[] = { server->ca_tag };
	const struct timeval timeout = {
		.tv_sec = server->timeout_ms / 1000,
		.tv_usec = server->timeout_ms % 1000 * 1000,
	};

	if (zsock_setsockopt(sock, SOL_TLS, TLS_SEC_TAG_LIST, tags,
	        sizeof(tags)) < 0 ||
	    zsock_setsockopt(sock, SOL_TLS, TLS_HOSTNAME, server->name,
	        strlen(server->name) + 1) < 0 ||
	    zsock_setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout,
	        sizeof(timeout)) < 0)
		return -errno;
	return 0;
}

static int
send_all(int sock, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = zsock_send(sock, data, len, 0);

		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return 0;
}

/* TLS is a stream: an answer may come in pieces. */
static int
recv_line(int sock, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		const ssize_t n = zsock_recv(sock, line + len, 1, 0);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		if (line[len] == '\n') {
			line[len] = '\0';
			return 0;
		}
		len++;
	}
	return -EBADMSG;
}

static int
talk(int sock, const struct uplink_server *server, const char *reading)
{
	char answer[ANSWER_MAX];
	int err = prepare(sock, server);

	if (err == 0 &&
	    zsock_connect(sock, (const struct sockaddr *)&server->addr,
	        sizeof(server->addr)) < 0)
		err = -errno;
	if (err == 0)
		err = send_all(sock, reading, strlen(reading));
	if (err == 0)
		err = send_all(sock, "\n", 1);
	if (err == 0)
		err = recv_line(sock, answer, sizeof(answer));
	if (err == 0 && strcmp(answer, "stored") != 0)
		err = -EBADMSG;
	return err;
}

static int
try_once(const struct uplink_server *server, const char *reading)
{
	const int sock = zsock_socket(AF_INET, SOCK_STREAM, IPPROTO_TLS_1_2);
	int err;

	if (sock < 0)
		return -errno;
	err = talk(sock, server, reading);
	zsock_close(sock);
	return err;
}

int
uplink_send(const struct uplink_server *server, const char *reading)
{
	int wait_ms = UPLINK_FIRST_WAIT_MS;

	for (int i = 1;; i++) {
		const int err = try_once(server, reading);

		if (err == 0)
			return 0;
		LOG_WRN("try %d of %d failed: %d", i, UPLINK_TRIES, err);
		if (err == -ECONNABORTED || i == UPLINK_TRIES)
			return err;
		k_msleep(wait_ms);
		wait_ms *= 2;
	}
}
