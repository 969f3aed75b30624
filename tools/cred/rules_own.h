#ifndef CRED_RULES_OWN_H
#define CRED_RULES_OWN_H

#include "rules.h"

/*
 * For the rules themselves: what they have in common, and their table.
 */

extern const struct rule rules_table[];
extern const size_t rules_table_size;

/* "text (detail); cure" of the rule that runs.  The detail has no secrets. */
void rules_find(struct rules *r, const struct subject *s, const char *detail,
    ...) __attribute__((format(printf, 3, 4)));
/* The same without a detail. */
void rules_find_plain(struct rules *r, const struct subject *s);

/* The first subject, in order, with a finding of one of n codes; or NULL. */
const struct subject *rules_first(const struct rules *r,
    const char *const *codes, size_t n);

/* Has one of the codes been found in it, by the rules before this one? */
bool rules_is_found(const struct rules *r, const struct subject *s,
    const char *const *codes, size_t n);

/* Does a socket use this tag, as far as that was said? */
bool rules_has_tag(const struct rules *r, int tag);

/*
 * The credential of a type that a socket uses together with s: of the same tag,
 * or, of those of --tags, of the first that has one.  NULL if there is none.
 */
const struct subject *rules_partner(const struct rules *r,
    const struct subject *s, int type);

/* Its value may be seen, and so its facts are known. */
bool rules_is_seen(const struct subject *s);

/* A CA, certificate or private key, which are objects and not plain bytes. */
bool rules_is_object(const struct subject *s);

/* The certificates of a CA or SERV; none of anything else. */
int rules_ncerts(const struct subject *s);
X509 *rules_cert(const struct subject *s, int i);

/*
 * The certificate of a SERV that says who its owner is: the one of its key, or
 * else the first, where it ought to be.  NULL if s is no SERV or has none.
 */
X509 *rules_leaf(const struct rules *r, const struct subject *s);

/* A common name that names a host, as servers had it before alternative names. */
bool rules_names_host(X509 *cert);

/* Room for a name in a detail. */
#define RULES_NAME_MAX 80

/* The function of a row. */
#define RULE(name) void rule_##name(struct rules *r, const struct subject *s)
#define ROW(code, name, targets, text, cure) RULE(name);
#include "rules.def"
#undef ROW

#endif
