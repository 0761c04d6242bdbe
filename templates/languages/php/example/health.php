<?php

declare(strict_types=1);

// Asks the service itself: exits with 0 when it answers.
$address = 'http://127.0.0.1:' . (getenv('PORT') ?: '8080') . (getenv('TRACING_HEALTH_PATH') ?: '/healthz');
exit(@file_get_contents($address) === false ? 1 : 0);
