#ifndef EXAMPLES_COAP_CLIENT_H
#define EXAMPLES_COAP_CLIENT_H

/*
 * A request and its response (RFC 7252, 4.2 and 5.2): sent again until the
 * server says that it has it, and the response that belongs to it picked out
 * of what comes.
 */

#include "coap.h"

struct coap_client {
	int sock; /* connected */
	uint16_t id;
	uint8_t token[2];
	int acknowledged; /* the id of the last response; -1 if there is none */
	uint8_t datagram[2048];
};

void coap_client_init(struct coap_client *c, int sock);

/* Begins a confirmable request with an id and a token of its own. */
void coap_client_begin(struct coap_client *c, struct coap_writer *w,
    uint8_t code);

/*
 * Sends the request that was begun last and waits for its response, which lies
 * in c->datagram.  False, and said why, if none came.
 */
bool coap_client_ask(struct coap_client *c, const struct coap_writer *request,
    struct coap_message *response);

#endif
