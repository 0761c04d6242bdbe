<?php

declare(strict_types=1);

// Requests to this service itself, when nobody else sends any.
$rate = (float) (getenv('EXAMPLE_REQUESTS_PER_SECOND') ?: '0');
for ($sent = 1; $rate > 0; $sent++) {
    usleep((int) (1_000_000 / $rate));
    $path = match (true) {
        $sent % 22 === 0 => '/work',
        $sent % 21 === 0 => '/error',
        $sent % 20 === 0 => '/slow',
        default => '/',
    };
    $tier = $sent % 10 === 0 ? 'gold' : 'basic';
    $socket = @stream_socket_client('tcp://127.0.0.1:' . (getenv('PORT') ?: '8080'), $code, $reason, 1);
    if ($socket === false) {
        continue; // The service starts or ends: the next request will tell.
    }
    fwrite($socket, "GET {$path} HTTP/1.0\r\nHost: localhost\r\nbaggage: customer.tier={$tier}\r\n\r\n");
    stream_set_timeout($socket, 10);
    stream_get_contents($socket);
    fclose($socket);
}
