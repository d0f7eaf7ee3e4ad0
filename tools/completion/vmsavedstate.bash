# SPDX-License-Identifier: MIT
#
# Completion of vmsavedstate for bash.  The help of the program tells its
# commands and options, so that there is no second list of them to keep.

# The commands, or the options of the command that is given.
_vmsavedstate_words()
{
	"$1" help ${2:+"$2"} 2>/dev/null | sed -n 's/^  \(-*[a-z][a-z-]*\) .*/\1/p'
}

# What an option of a command takes, such as "N" or "FILE", and what its help says.
_vmsavedstate_value()
{
	"$1" help "$2" 2>/dev/null | sed -n "s/^  $3 \([A-Z][A-Z]*\) */\1 /p"
}

# The first word before the cursor that is no option.
_vmsavedstate_command()
{
	local word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $word != -* ]]; then
			printf '%s\n' "$word"
			return
		fi
	done
}

_vmsavedstate()
{
	local program=${COMP_WORDS[0]/#\~\//$HOME/} current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD-1]} command value words
	command=$(_vmsavedstate_command)
	COMPREPLY=()

	if [[ -z $command || $command == help ]]; then
		words=$(_vmsavedstate_words "$program")
	elif [[ $previous == --* ]]; then
		value=$(_vmsavedstate_value "$program" "$command" "$previous")
	fi
	case $value in
	'' | FILE*) ;;
	FORMAT*)	# "FORMAT raw, elf or snapshot"
		value=${value#FORMAT }
		words=${value//[,]/ }
		words=${words/ or / } ;;
	*) return ;;	# numbers and addresses
	esac
	if [[ -z $words && -z $value && $current == -* ]]; then
		words=$(_vmsavedstate_words "$program" "$command")
	fi
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	else
		compopt -o default 2>/dev/null	# names of files
	fi
}

complete -F _vmsavedstate vmsavedstate
