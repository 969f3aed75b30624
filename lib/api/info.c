#include <errno.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "base/err.h"
#include "base/log.h"
#include "sock/call.h"
#include "sock/fdtable.h"

const char *
zsock_tls_version(int sock)
{
	const char *name;

	return err_edge(call_tls_version(sock, &name)) == 0 ? name : NULL;
}

const char *
zsock_tls_ciphersuite(int sock)
{
	const char *name;

	return err_edge(call_tls_suite(sock, &name)) == 0 ? name : NULL;
}

int
zsock_tls_alpn(int sock, char *buf, size_t len)
{
	if (buf == NULL && len > 0)
		return (int)err_edge(-EINVAL);
	return (int)err_edge(call_tls_protocol(sock, buf, len));
}

int
zsock_tls_resumed(int sock)
{
	return (int)err_edge(call_tls_resumed(sock));
}

int
zsock_error_text(int sock, char *buf, size_t len)
{
	if (buf == NULL && len > 0)
		return (int)err_edge(-EINVAL);
	return (int)err_edge(call_error_text(sock, buf, len));
}

void *
zsock_get_context_object(int sock)
{
	return fdtable_peek(sock);
}

void
zsock_use_kernel_numbers(void)
{
	if (!fdtable_use_kernel_numbers())
		log_line(LOG_WARN,
		    "zsock_use_kernel_numbers: sockets have private numbers "
		    "already; call it before the first zsock_socket, or files "
		    "and sockets cannot be told apart by POSIX names");
}
