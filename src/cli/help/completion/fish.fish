function __wabot_complete
    set -l words (commandline -opc)
    set -l begun (commandline -ct | string replace -r '^["\']' '')
    set begun (string unescape -- "$begun"; or printf '%s' "$begun")
    set -l before $words[2..]
    set -l key (string join ' ' -- $before)
    string match -q -- '-*' "$begun"; and set key "$key -"
    string match -q -- '-*=*' "$begun"; and set key "$key="  # the value of an option: never known beforehand
    set -l lines (__wabot_static "$key")
    or set lines ($words[1] __complete -- $before "$begun" 2>/dev/null)
    if not set -q lines[1]
        return
    end
    if test "$lines[-1]" = :files
        __fish_complete_path "$begun"
        return
    end
    # All but the directive. What fits, and how it is quoted, is fish's own affair.
    string match -e \t -- $lines
end

complete -c wabot -f -a '(__wabot_complete)'
