# Completion of zsock-cred(1) for fish.

function __zsock_cred_words
    # The words at hand, without options and what is theirs.
    set -l takes -o --pass-file --anchor-of --list --ca --ca-key --timeout \
        --wait --format --as --note --from --to --tag --type --symbol \
        --select --pass-env --pass-fd --eol --target --host --at --days \
        --tags --max --client --psk --key --chain --until --bad
    set -l words
    set -l skip no
    for word in (commandline -opc)[2..]
        if test $skip = yes
            set skip no
        else if contains -- $word $takes
            set skip yes
        else if test $word = -; or not string match -q -- '-*' $word
            set -a words $word
        end
    end
    printf '%s\n' $words
end

function __zsock_cred_at
    # Is the word at hand number $argv[1] behind one of the other commands?
    set -l words (__zsock_cred_words)
    test (count $words) -eq $argv[1]; and contains -- "$words[1]" $argv[2..]
end

function __zsock_cred_stores
    for pid in (zsock-cred ps -q 2>/dev/null)
        echo @$pid
    end
end

function __zsock_cred_tags
    set -l words (__zsock_cred_words)
    echo any
    zsock-cred list $words[2] -q 2>/dev/null | string split -f 1 ' ' | sort -un
end

function __zsock_cred_types
    set -l words (__zsock_cred_words)
    echo any
    zsock-cred list $words[2] $words[3] -q 2>/dev/null |
        string split -f 2 ' ' | sort -u
end

set -l verbs ps list show get add delete dump load sync import export check \
    compare generate shell help
set -l first "not __fish_seen_subcommand_from $verbs"
set -l kinds 'pem der p12 inc c cstr hex base64 cmng zephyr-shell dir'
set -l types 'CA SERV PK PSK PSK_ID PK_PSA'

complete -c zsock-cred -n $first -f -a ps -d 'running processes'
complete -c zsock-cred -n $first -f -a list -d 'one line a credential'
complete -c zsock-cred -n $first -f -a show -d 'subjects, dates, kinds of keys'
complete -c zsock-cred -n $first -f -a get -d 'a value'
complete -c zsock-cred -n $first -f -a add -d 'a credential'
complete -c zsock-cred -n $first -f -a delete -d 'a credential'
complete -c zsock-cred -n $first -f -a dump -d 'a bundle of what a store holds'
complete -c zsock-cred -n $first -f -a load -d 'add all of bundles, or nothing'
complete -c zsock-cred -n $first -f -a sync -d 'make a store equal to bundles'
complete -c zsock-cred -n $first -f -a import -d 'from other kinds of files'
complete -c zsock-cred -n $first -f -a export -d 'to other kinds of files'
complete -c zsock-cred -n $first -f -a check -d 'what would fail'
complete -c zsock-cred -n $first -f -a compare -d 'with a store or a device'
complete -c zsock-cred -n $first -f -a generate -d 'a test PKI'
complete -c zsock-cred -n $first -f -a shell -d 'answer as a device does'
complete -c zsock-cred -n $first -f -a help -d 'of a command'
complete -c zsock-cred -n $first -s q -d 'no remarks'
complete -c zsock-cred -n $first -l timeout -x -d 'seconds for an answer'
complete -c zsock-cred -n $first -l wait -x -d 'seconds until it appears'
complete -c zsock-cred -n '__zsock_cred_at 1 help' -f -a "$verbs"
complete -c zsock-cred -n "__zsock_cred_at 1 $verbs[2..-4] shell" \
    -a '(__zsock_cred_stores)'
complete -c zsock-cred -f -n '__zsock_cred_at 2 list show get delete dump export' \
    -a '(__zsock_cred_tags)'
complete -c zsock-cred -f -n '__zsock_cred_at 3 list show get delete dump export' \
    -a '(__zsock_cred_types)'
complete -c zsock-cred -f -n '__zsock_cred_at 3 add' -a $types

function __zsock_cred_option -V types
    # verb, then what complete takes
    complete -c zsock-cred -n "__fish_seen_subcommand_from $argv[1]" $argv[2..]
end
__zsock_cred_option ps -s q
__zsock_cred_option ps -l json
__zsock_cred_option list -s q
__zsock_cred_option list -l format -x -a 'table zephyr csv cmng json'
__zsock_cred_option show -l json
__zsock_cred_option get -s o -r
__zsock_cred_option get -l as -x -a 'raw pem der hex base64'
__zsock_cred_option add -l as -x -a 'raw pem der'
__zsock_cred_option add -l replace
__zsock_cred_option add -l note -x
__zsock_cred_option delete -l missing-ok
__zsock_cred_option dump -l secrets
__zsock_cred_option dump -s o -r
__zsock_cred_option load -l replace
__zsock_cred_option load -l dry-run
__zsock_cred_option sync -l dry-run
__zsock_cred_option sync -l keep-others
__zsock_cred_option import -l from -x -a $kinds
for option in tag symbol select pass-env pass-fd
    __zsock_cred_option import -l $option -x
end
__zsock_cred_option import -l type -x -a $types
for option in anchor-of pass-file
    __zsock_cred_option import -l $option -r
end
for option in split one raw nul replace dry-run
    __zsock_cred_option import -l $option
end
__zsock_cred_option export -l to -x -a $kinds
__zsock_cred_option export -s o -r
__zsock_cred_option export -l secrets
__zsock_cred_option export -l eol -x -a 'lf crlf escaped'
__zsock_cred_option export -l pass-file -r
__zsock_cred_option export -l legacy
__zsock_cred_option export -l as -x -a 'pem der'
__zsock_cred_option export -l nul
__zsock_cred_option check -l target -x -a 'zephyr nrf91 openssl'
for option in host at days tags max
    __zsock_cred_option check -l $option -x
end
__zsock_cred_option check -l strict
__zsock_cred_option check -l json
__zsock_cred_option compare -l list -r
for option in host client psk tags chain from until
    __zsock_cred_option generate -l $option -x
end
__zsock_cred_option generate -l key -x -a 'p256 p384 rsa2048 rsa3072'
__zsock_cred_option generate -l bad -x -a 'all none'
__zsock_cred_option generate -l ca -r
__zsock_cred_option generate -l ca-key -r
__zsock_cred_option generate -l format -x -a 'zcred pem der inc'
__zsock_cred_option generate -l force
__zsock_cred_option shell -l pty
functions -e __zsock_cred_option
