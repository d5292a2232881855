_wabot() {
    emulate -L zsh
    local -a before values shown lines
    local begun=${(Q)PREFIX} key answer line word directive description common is_static
    before=("${(@Q)words[2,CURRENT-1]}")
    key="${(j: :)before}"
    if [[ $begun == -* ]] key+=' -'
    if answer=$(_wabot_static "$key") && [[ $'\n'$answer == *$'\n'"$begun"* || $answer == :files ]]; then
        is_static=1
    else
        local command=${(Q)words[1]/#\~/$HOME}
        (( $+commands[$command] )) || [[ -x $command ]] || command=wabot
        answer=$($command __complete -- "${before[@]}" "$begun" 2>/dev/null)
    fi
    lines=("${(@f)answer}")
    local -i width=0
    for line in "${lines[@]}"; do
        word=${line%%$'\t'*}
        if [[ $line != *$'\t'* ]]; then
            directive=$line
        elif [[ -z $is_static || $word == "$begun"* ]]; then
            values+=("$word")
            if (( $#word > width )) width=$#word
        fi
    done
    if [[ $directive == :files ]]; then
        compset -P '--*='
        _files
        return
    fi
    if (( ! $#values )) return 1
    for line in "${lines[@]}"; do
        word=${line%%$'\t'*}
        description=${line#*$'\t'}
        if [[ $line != *$'\t'* || ${values[(Ie)$word]} -eq 0 ]] continue
        shown+=("$word${description:+${(l:width - $#word:)}  -- $description}")
    done
    # What all have in common is put in, also when that is less than what was typed.
    common=$values[1]
    for word in "${values[@]}"; do
        while [[ $word != "$common"* ]]; do common=${common%?}; done
    done
    local -a how
    if [[ $directive == :nospace ]] how=(-S '')
    compadd -U -V wabot -l -d shown "${how[@]}" -- "${values[@]}"
    if (( $#values > 1 )) && [[ ${(L)common} != ${(L)begun}* ]]; then
        compstate[insert]=''
        compstate[list]='list force'
    fi
}

if [[ $funcstack[1] == _wabot ]]; then
    _wabot "$@"
else
    compdef _wabot wabot
fi
