#include "rules_own.h"

#define ALL (TARGET_ZEPHYR | TARGET_NRF91 | TARGET_OPENSSL)
#define STACKS (TARGET_ZEPHYR | TARGET_OPENSSL)

#define ROW(code, name, targets, text, cure) \
	{ #code, targets, text, cure, rule_##name },
const struct rule rules_table[] = {
#include "rules.def"
};
#undef ROW

const size_t rules_table_size = sizeof(rules_table) / sizeof(rules_table[0]);
