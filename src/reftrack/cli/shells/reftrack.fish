# Completion of reftrack in fish, as `reftrack completion fish` prints it.
function __reftrack_complete
    set -l program (commandline -opc)[1]
    set program (string replace -r '^~/' "$HOME/" -- $program)
    set -l line (commandline -cp | string collect)
    for item in (env _REFTRACK_COMPLETE=fish_complete _REFTRACK_LINE="$line" $program 2>/dev/null </dev/null)
        set -l parts (string split \t -- $item)
        switch $parts[1]
            case plain stem
                echo $parts[2]\t$parts[3]
            case file
                __fish_complete_path (commandline -ct)
            case dir
                __fish_complete_directories (commandline -ct)
        end
    end
end
complete --command reftrack --no-files --keep-order --arguments '(__reftrack_complete)'
