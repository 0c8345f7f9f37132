<?php

// People of the seed: `person:password` => attributes.
$config = ['password' => ['exampleauth:UserPass']];
foreach (['ana' => 'Ana Diaz', 'ben' => 'Ben Okafor', 'cleo' => 'Cleo Lind'] as $person => $name) {
    $config['password']["$person:$person-password"] = [
        'uid' => [$person],
        'mail' => ["$person@example.com"],
        'displayName' => [$name],
    ];
}
