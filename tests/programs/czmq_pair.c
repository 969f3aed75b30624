/*
 * CZMQ has functions of the names zsock_send and zsock_recv, of other types.
 * A message goes through two of its sockets, over TCP.
 */
#include <czmq.h>

int
main(void)
{
	zsock_t *pull = zsock_new(ZMQ_PULL), *push = zsock_new(ZMQ_PUSH);
	const int port = zsock_bind(pull, "tcp://127.0.0.1:*");
	char *text = NULL;
	int number = 0;

	if (port < 0 || zsock_connect(push, "tcp://127.0.0.1:%d", port) != 0 ||
	    zsock_send(push, "si", "hello", 42) != 0 ||
	    zsock_recv(pull, "si", &text, &number) != 0)
		return 1;
	printf("%s %d\n", text, number);
	zstr_free(&text);
	zsock_destroy(&push);
	zsock_destroy(&pull);
	return 0;
}
