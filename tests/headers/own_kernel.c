/*
 * A program with a <zephyr/kernel.h> of its own, included after the socket
 * header as well as by it: its k_timeout_t is the one that counts.
 */
#include <zephyr/net/socket.h>

#include <zephyr/kernel.h>

#if defined(OWN_NONE) != defined(ZSOCK_DETAIL_K_TIMEOUT_H)
#error "the library's k_timeout_t is there only if there is no other"
#endif

int send_it(int sock, const void *buf, size_t len);

int
send_it(int sock, const void *buf, size_t len)
{
	size_t sent;
	int rc;

	rc = zsock_send_all(sock, buf, len, 0, K_MSEC(500), &sent);
	return rc != 0 ? rc
	               : zsock_sendmsg_all(sock, NULL, 0, K_FOREVER, &sent);
}
