# Names are found by the shell itself, in the jobs.d of this folder or of one above it: a Tab starts no program.
function __jobsd_names
    set -l root $PWD
    while not test -d "$root/jobs.d"
        test "$root" = / -o "$root" = ''; and return
        set root (string replace -r '/[^/]*$' '' -- $root)
    end
    set -l found
    switch $argv[1]
        case jobs
            set found (string replace -r '.*/([^/]+/[^/]+)\.yaml$' '$1' -- $root/jobs.d/*/*.yaml | string match -rv '/client$|^platform/')
        case clients
            set found (string replace -r '.*/([^/]+)/client\.yaml$' '$1' -- $root/jobs.d/*/client.yaml)
        case connections calendars
            set found (string replace -r '.*/([^/]+)\.yaml$' '$1' -- $root/jobs.d/platform/$argv[1]/*.yaml)
        case reports
            set found $__jobsd_reports (string replace -r '.*/([^/]+/[^/]+)/report\.yaml$' '$1' -- $root/templates/reports/*/*/report.yaml)
    end
    string match -r '^[a-z0-9-]+(?:/[a-z0-9-]+)?$' -- $found
end

complete -c jobsd -f
