# The word without its quotes and backslashes in $REPLY; $REPLY_QUOTE is the quote that it leaves open.
_wabot_unquote() {
    local word=$1 quote='' c i
    REPLY=''
    for ((i = 0; i < ${#word}; i++)); do
        c=${word:i:1}
        if [[ $c == "$quote" ]]; then
            quote=''
        elif [[ $quote != "'" && $c == \\ ]]; then
            i=$((i + 1))
            REPLY+=${word:i:1}
        elif [[ -z $quote && ($c == "'" || $c == '"') ]]; then
            quote=$c
        else
            REPLY+=$c
        fi
    done
    REPLY_QUOTE=$quote
}

# $1 as it is typed inside of the quote $2, in $REPLY.
_wabot_quote() {
    local c
    REPLY=$1
    case $2 in
        "'") REPLY=${REPLY//\'/\'\\\'\'} ;;
        '"') for c in \\ '"' '$' '`'; do REPLY=${REPLY//"$c"/\\"$c"}; done ;;
        *) for c in \\ ' ' '"' "'" '$' '`' '&' '|' ';' '<' '>' '(' ')' '*' '?' '[' ']' '{' '}' '#' '!' '~' '^'; do REPLY=${REPLY//"$c"/\\"$c"}; done ;;
    esac
}

# What all of "$@" begin with, in $REPLY.
_wabot_common() {
    local word
    REPLY=$1
    for word; do
        while [[ $word != "$REPLY"* ]]; do REPLY=${REPLY%?}; done
    done
}

_wabot() {
    local raw=() words=() values=() descriptions=() i word blanks rest=${COMP_LINE:0:COMP_POINT}
    # Bash parts words at = and : as well.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then word=$rest; fi
        rest=${rest#"$word"}
        if [[ -n $blanks || $i -eq 0 ]]; then raw+=("$word"); else raw[${#raw[@]} - 1]+=$word; fi
    done
    local REPLY REPLY_QUOTE
    for word in "${raw[@]}"; do
        _wabot_unquote "$word"
        words+=("$REPLY")
    done
    local last=$((${#words[@]} - 1)) quote=$REPLY_QUOTE
    local begun=${words[last]} plain=${raw[last]%%[\"\']*} key
    _wabot_unquote "${plain%"${plain##*[=:]}"}"
    local kept=$REPLY  # stands before what readline takes for the word

    key="${words[*]:1:last-1}"
    if [[ $begun == -* ]]; then key+=' -'; fi
    local answer line directive='' is_static=''
    if answer=$(_wabot_static "$key") && [[ $'\n'$answer == *$'\n'"$begun"* || $answer == :files ]]; then
        is_static=1
    else
        local command=${words[0]/#\~/$HOME}
        type -P "$command" >/dev/null || command=wabot
        answer=$("$command" __complete -- "${words[@]:1}" 2>/dev/null)
    fi
    while IFS= read -r line; do
        word=${line%%$'\t'*}
        if [[ $line != *$'\t'* ]]; then
            directive=$line
        elif [[ (-z $is_static || $word == "$begun"*) && $word == "$kept"* ]]; then
            _wabot_quote "${word#"$kept"}" "$quote"
            values+=("$REPLY")
            descriptions+=("${line#*$'\t'}")
        fi
    done <<<"$answer"

    if [[ $directive == :files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${begun#"$kept"}")
        return
    fi
    if [[ $directive == :nospace ]]; then compopt -o nospace 2>/dev/null; fi
    compopt -o nosort 2>/dev/null
    COMPREPLY=("${values[@]}")
    if ((${#values[@]} < 2)); then return; fi
    # Readline puts in what they have in common, also when that is less than what was typed.
    _wabot_common "${values[@]}"
    local common=$REPLY
    _wabot_quote "${begun#"$kept"}" "$quote"
    if [[ ${common,,} != "${REPLY,,}"* ]]; then COMPREPLY+=(' '); fi
    # 37 and 42 put the candidates in one by one.
    if ((COMP_TYPE == 37 || COMP_TYPE == 42)); then return; fi
    for i in "${!values[@]}"; do
        if [[ -n ${descriptions[i]} ]]; then COMPREPLY[i]+="  (${descriptions[i]})"; fi
    done
}

complete -F _wabot wabot
