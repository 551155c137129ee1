# Turns the statements of one filing, from the server's log, into one statement with the same rows, for pgbench: ids,
# number, tracking code and key are new each time, everything else is as it was filed.
use strict;
use warnings;
local $/;
my $log = <STDIN>;
my @statements;
for my $entry (split /^(?=\d{4}-\d\d-\d\d \d\d:\d\d)/m, $log) {
    if ($entry =~ /LOG:  (?:execute s\d+|statement): (.*)/s) { push @statements, $1; }
    elsif ($entry =~ /DETAIL:  parameters: (.*)/s) {
        my ($list, %value) = ($1);
        while ($list =~ /\$(\d+) = (NULL|\x27(?:[^\x27]|\x27\x27)*\x27)/g) { $value{$1} = $2; }
        $statements[-1] =~ s/\$(\d+)/$value{$1}/g;
    }
}
my @inserts = grep { /^INSERT INTO/ && !/INTO (?:case_key|barrier) / } @statements;
my ($complaint) = grep { /^INSERT INTO complaint \(/ } @inserts;
my ($id, $number) = $complaint =~ /unnest\('\{\d+\}'::bigint\[\], '\{([0-9a-f-]{36})\}'::uuid\[\], '\{(\d+)\}'/
    or die "no filing in the log\n";
my @parts;
for my $insert (@inserts) {
    $insert =~ s/\s+/ /g;
    $insert =~ s/;\s*$//;
    $insert =~ s/'\{((?:\Q$id\E,?)+)\}'/my @ids = split m{,}, $1; "ARRAY[" . join(",", ("(SELECT id FROM new)") x @ids) . "]"/ge;
    $insert =~ s/'\{\Q$number\E\}'/ARRAY[(SELECT n FROM new)]/g if $insert =~ /INTO complaint(?:_barrier)? \(/;
    $insert =~ s/'\{"\\\\x[0-9a-f]{64}"\}'/ARRAY[(SELECT h FROM new)]/ if $insert =~ /INTO (?:complaint|idempotency_key) \(/;
    push @parts, "t" . @parts . " AS ($insert RETURNING 1)";
}
print "WITH new AS MATERIALIZED (SELECT gen_random_uuid() AS id, nextval('bench_number') AS n, "
    . "sha256(gen_random_uuid()::text::bytea) AS h), ", join(", ", @parts), " SELECT 1;\n";
