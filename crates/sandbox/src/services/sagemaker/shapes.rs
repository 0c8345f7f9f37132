//! Shapes which several SageMaker requests share.

use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, Member, any_text, optional, required, text};

pub(crate) const NAME: Kind = text(Pattern::EntityName, 0, 63);
pub(crate) const DOMAIN_ID: Kind = text(Pattern::DomainId, 0, 63);
pub(crate) const TOKEN: Kind = any_text(0, 8192);
pub(crate) const PAGE: Kind = Kind::Integer { min: 1, max: 100 };
pub(crate) const SORT_ORDER: Kind = Kind::OneOf(&["Ascending", "Descending"]);

pub(crate) const TAG_KEY: Kind = text(Pattern::TagText, 1, 128);
const TAG: Kind =
    Kind::Structure(&[required("Key", TAG_KEY), required("Value", text(Pattern::TagText, 0, 256))]);
pub(crate) const TAGS: Kind = Kind::List { item: &TAG, min: 0, max: 50 };

const EXECUTION_ROLE: Member = optional("ExecutionRole", text(Pattern::ExecutionRole, 20, 2048));
const NETWORK_ID: Kind = text(Pattern::NetworkId, 0, 32);
const SECURITY_GROUPS: Member =
    optional("SecurityGroups", Kind::List { item: &NETWORK_ID, min: 0, max: 5 });

/// `UserSettings`: what is checked of it; the rest is kept as it came.
pub(crate) const USER_SETTINGS: Kind = Kind::Structure(&[
    EXECUTION_ROLE,
    SECURITY_GROUPS,
    optional("DefaultLandingUri", any_text(0, 1023)),
    optional("StudioWebPortal", Kind::OneOf(&["ENABLED", "DISABLED"])),
    optional("AutoMountHomeEFS", Kind::OneOf(&["Enabled", "Disabled", "DefaultAsDomain"])),
    optional("SharingSettings", Kind::Document),
    optional("JupyterServerAppSettings", Kind::Document),
    optional("KernelGatewayAppSettings", Kind::Document),
    optional("TensorBoardAppSettings", Kind::Document),
    optional("RStudioServerProAppSettings", Kind::Document),
    optional("RSessionAppSettings", Kind::Document),
    optional("CanvasAppSettings", Kind::Document),
    optional("CodeEditorAppSettings", Kind::Document),
    optional("JupyterLabAppSettings", Kind::Document),
    optional("SpaceStorageSettings", Kind::Document),
    optional("CustomPosixUserConfig", Kind::Document),
    optional("CustomFileSystemConfigs", Kind::Document),
    optional("StudioWebPortalSettings", Kind::Document),
]);

/// `DefaultSpaceSettings` of a domain.
pub(crate) const DEFAULT_SPACE_SETTINGS: Kind = Kind::Structure(&[EXECUTION_ROLE, SECURITY_GROUPS]);

pub(crate) const SUBNETS: Kind = Kind::List { item: &NETWORK_ID, min: 1, max: 16 };
pub(crate) const VPC: Kind = NETWORK_ID;

pub(crate) const APP_TYPE: Kind = Kind::OneOf(&[
    "JupyterServer",
    "KernelGateway",
    "DetailedProfiler",
    "TensorBoard",
    "CodeEditor",
    "JupyterLab",
    "RStudioServerPro",
    "RSessionGateway",
    "Canvas",
]);
