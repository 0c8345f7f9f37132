<?php

$settings = json_decode(file_get_contents(getenv('STAGEDOOR_TEST_IDP') . '/settings.json'), true);
$metadata['http://' . $_SERVER['HTTP_HOST'] . '/idp'] = $settings + [
    'host' => '__DEFAULT__',
    'auth' => 'password',
    // The NameID, whatever its format.
    'simplesaml.nameidattribute' => 'uid',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'sign.logout' => true,
];
