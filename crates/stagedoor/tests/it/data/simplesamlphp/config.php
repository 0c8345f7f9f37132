<?php

// SimpleSAMLphp as an identity provider of the tests. What differs from test to test is in
// settings.json of the folder that STAGEDOOR_TEST_IDP names; so is everything that it writes.
$home = getenv('STAGEDOOR_TEST_IDP');
$config = [
    'baseurlpath' => 'simplesaml/',
    'certdir' => "$home/",
    'loggingdir' => "$home/",
    'datadir' => "$home/",
    'tempdir' => "$home/tmp",
    'metadatadir' => __DIR__,
    'attributenamemapdir' => '/etc/simplesamlphp/attributemap/',
    'metadata.sources' => array_merge(
        [['type' => 'flatfile', 'directory' => __DIR__]],
        array_map(fn ($file) => ['type' => 'xml', 'file' => $file], glob("$home/sp-*.xml"))
    ),
    'logging.handler' => 'file',
    'logging.level' => 6,
    'secretsalt' => 'nothing here is secret',
    'auth.adminpassword' => 'admin',
    'timezone' => 'UTC',
    'technicalcontact_email' => 'nobody@example.com',
    'language.default' => 'en',
    // Where it may lead after a log-out: anywhere.
    'trusted.url.domains' => null,
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'exampleauth' => true, 'saml' => true],
    'session.cookie.secure' => false,
    'session.phpsession.savepath' => "$home/sessions",
    'store.type' => 'phpsession',
];
