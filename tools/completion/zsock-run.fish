# Completion of zsock-run(1) for fish.

function __zsock_run_program
    # The words from the program on, up to the cursor; nothing: it is not there.
    set -l takes --creds --tls-connect --tls-listen --profile --limits \
        --hosts --log --ctl --keylog --fd-base
    set -l words (commandline -opc) (commandline -ct)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                break
            case '-*'
                contains -- $words[1] $takes; and set -e words[1]
                set -e words[1]
            case '*'
                break
        end
    end
    printf '%s\n' $words
end

function __zsock_run_at_options
    test (count (__zsock_run_program)) -le 1
end

function __zsock_run_at_program
    test (count (__zsock_run_program)) -eq 1
end

function __zsock_run_subcommand
    complete -C "$(string escape -- (__zsock_run_program)[1..-2] |
        string join ' ') $(commandline -ct)"
end

complete -c zsock-run -f
complete -c zsock-run -n __zsock_run_at_program -a '(__fish_complete_command)'
complete -c zsock-run -n 'not __zsock_run_at_options' \
    -a '(__zsock_run_subcommand)'

function __zsock_run_option
    complete -c zsock-run -n __zsock_run_at_options $argv
end
__zsock_run_option -l creds -r -F -d 'bundles of credentials'
__zsock_run_option -l tls-connect -x -d 'HOST:PORT=TAGS become TLS clients'
__zsock_run_option -l tls-listen -x -d 'PORT=TAGS become TLS servers'
__zsock_run_option -l profile -x -a 'zephyr zephyr-3.3 linux' -d behaviour
__zsock_run_option -l limits -r -F -d 'limits of the target'
__zsock_run_option -l hosts -r -F -d 'names and redirections'
__zsock_run_option -l log -x -a 'off error warn info debug' -d 'what the log has'
__zsock_run_option -l ctl -x -a 'off list load full' -d 'what zsock-cred may do'
__zsock_run_option -l keylog -r -F -d 'keys of TLS'
__zsock_run_option -l fd-base -x -d 'the first number of sockets'
__zsock_run_option -l no-follow -d 'not in what the program executes'
__zsock_run_option -l allow-io-uring -d 'although it passes TLS by'
__zsock_run_option -l help -d 'all options'
__zsock_run_option -l version -d 'of zsock-run'
functions -e __zsock_run_option
