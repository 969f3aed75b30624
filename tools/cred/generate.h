#ifndef CRED_GENERATE_H
#define CRED_GENERATE_H

#include "pki_cases.h"

/*
 * The arguments of "generate".  Each call takes the text of one, and returns an
 * outcome, with which it has said what is wrong.
 */
#define GENERATE_HOSTS_MAX 64
#define GENERATE_CASES_MAX 64

struct generate {
	const char *dir; /* the texts are those of the command line */
	struct pki_wants wants;
	const char *hosts[GENERATE_HOSTS_MAX];
	bool wanted[GENERATE_CASES_MAX]; /* by their place in pki_cases */
	const char *key, *ca_file, *ca_key_file;
	char from_text[16], until_text[16]; /* "2024-01-31" */
	unsigned forms;                     /* PKI_FORM_... */
	bool force;
	char *arguments; /* as the record has them, one a line */
};

/* With the defaults. */
int generate_init(struct generate *g);
void generate_fini(struct generate *g);

int generate_host(struct generate *g, const char *text);
int generate_client(struct generate *g, const char *text);
int generate_psk(struct generate *g, const char *text);
int generate_key(struct generate *g, const char *text);
int generate_tags(struct generate *g, const char *text);
int generate_chain(struct generate *g, const char *text);
int generate_bad(struct generate *g, const char *text);
int generate_format(struct generate *g, const char *text);
int generate_day(const char *option, const char *text, char shown[16],
    char day[PKI_DAY]);

/* Behind the last one: what they are together, and the CA. */
int generate_complete(struct generate *g);

/* The CA of the two files, with the key that belongs to it. */
int generate_ca(struct generate *g);

#endif
