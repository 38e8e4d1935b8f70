/**
 * For each shell, the script that completes `tidings` by `tidings complete`. Where that prints nothing, the shell completes names of
 * files.
 */
export const SCRIPTS = {
  // Bash also splits words at @ and =, and replaces only the last part, $2: COMP_LINE has whole words.
  bash: `_tidings() {
  local line=\${COMP_LINE:0:COMP_POINT} words word before candidate
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word=\${words[\${#words[@]} - 1]#[\\'\\"]}
  words[\${#words[@]}-1]=$word
  before=\${word%"\${2#[\\'\\"]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("\${candidate#"$before"}")
  done < <(tidings complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _tidings tidings`,
  zsh: `#compdef tidings
_tidings() {
  local -a candidates
  candidates=(\${(f)"$(tidings complete -- "\${(@)\${(@Q)words[2,CURRENT]}#[\\'\\"]}" 2>/dev/null)"})
  if (( $#candidates )); then compadd -a candidates; else _files; fi
}
compdef _tidings tidings`,
  fish: `function __tidings_complete
  set -l words (commandline -opc)
  set -l word (commandline -ct | string trim --left --chars "'\\"")
  set -l candidates (tidings complete -- $words[2..-1] "$word" 2>/dev/null)
  if set -q candidates[1]
    printf '%s\\n' $candidates
  else
    __fish_complete_path "$word"
  end
end
complete -c tidings -f -a '(__tidings_complete)'`,
} as const;
