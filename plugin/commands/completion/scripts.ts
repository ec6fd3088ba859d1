/**
 * What kubectl runs to complete the arguments of `kubectl scalardl`: an executable `kubectl_complete-scalardl` on PATH,
 * whose output ends in a line with cobra's completion directive.
 */
export const kubectlCompleteScript = `#!/bin/sh
# kubectl calls this to complete \`kubectl scalardl\`; made by \`kubectl scalardl completion install\`
exec kubectl-scalardl __complete "$@"
`

export const kubectlCompleteBatch = `@rem kubectl calls this to complete "kubectl scalardl"; made by\r
@rem "kubectl scalardl completion install"\r
@kubectl-scalardl __complete %*\r
`

const bash = `# bash completion for kubectl-scalardl
_kubectl_scalardl() {
  local line candidates=() directive
  while IFS= read -r line; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *) candidates+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(kubectl-scalardl __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "\${directive:-4}" = 0 ] && [ "\${#candidates[@]}" = 0 ]; then
    compopt -o default 2>/dev/null
    COMPREPLY=()
  else
    COMPREPLY=("\${candidates[@]}")
  fi
}
complete -F _kubectl_scalardl kubectl-scalardl
`

const zsh = `#compdef kubectl-scalardl
# zsh completion for kubectl-scalardl
_kubectl_scalardl() {
  local line directive=4
  local -a candidates
  for line in "\${(@f)$(kubectl-scalardl __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ "$line" == :* ]]; then
      directive="\${line#:}"
    elif [[ -n "$line" ]]; then
      local name="\${line%%$'\\t'*}" text=""
      [[ "$line" == *$'\\t'* ]] && text=":\${line#*$'\\t'}"
      candidates+=("\${name//:/\\\\:}$text")
    fi
  done
  if [[ "$directive" == 0 && \${#candidates} == 0 ]]; then
    _files
  else
    _describe '' candidates
  fi
}
compdef _kubectl_scalardl kubectl-scalardl
`

const fish = `# fish completion for kubectl-scalardl
function __kubectl_scalardl_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (kubectl-scalardl __complete $words[2..-1] 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path (commandline -ct)
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c kubectl-scalardl -f -a '(__kubectl_scalardl_complete)'
`

const powershell = `# PowerShell completion for kubectl-scalardl
Register-ArgumentCompleter -Native -CommandName kubectl-scalardl -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($wordToComplete -eq '') { $words += '""' }
  kubectl-scalardl __complete @words 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
    $name, $text = $_ -split "\\t", 2
    if (-not $text) { $text = $name }
    [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $text)
  }
}
`

export const shellScripts = { bash, zsh, fish, powershell } as const
