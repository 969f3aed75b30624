# echo.pl server PORT: sends back what comes, a process for each connection.
# echo.pl client PORT: sends its input, prints what comes back.
use strict;
use warnings;
use IO::Socket::INET;

my ($end, $port) = @ARGV;

sub serve
{
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		LocalPort => $port, Listen => 8, ReuseAddr => 1)
		or die "listen: $@\n";

	$SIG{CHLD} = 'IGNORE';
	while (1) {
		my $sock = $listener->accept or next;
		my $child = fork // die "fork: $!\n";
		if ($child) {
			close $sock;
			next;
		}
		close $listener;
		my $bytes;
		while (sysread $sock, $bytes, 8192) {
			print $sock $bytes;
			$sock->flush;
		}
		exit 0;
	}
}

sub ask
{
	my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		PeerPort => $port, Proto => 'tcp') or die "connect: $@\n";

	while (<STDIN>) {
		print $sock $_;
		my $line = <$sock>;
		die "end: $!\n" unless defined $line;
		print $line;
	}
	$sock->shutdown(1);
	die "more\n" if defined <$sock>;
	close $sock or die "close: $!\n";
}

$end eq 'server' ? serve() : ask();
