//! Why something is as it is: a stable code with its parameters, and a sentence for people.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    coded::{Parameter, Whole, coded, parameter, words},
    detail::Detail,
    field::{Entity, Field},
    language::Language,
    mapper::FIELDS,
    problem::Problem,
    records::KeptReason,
    server::cannot_be_used,
    settings::{self, OnYesNo},
};

/// A field in a reason: its key, and its name where it is none of the built-in ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldName {
    /// Whose it is.
    pub entity: Entity,
    /// Its key.
    pub field: String,
    /// What people call it, where an administrator added it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl From<&Field> for FieldName {
    fn from(field: &Field) -> Self {
        let is_built_in = FIELDS.iter().any(|known| known.key == field.key);
        Self {
            entity: field.entity,
            field: field.key.clone().into_owned(),
            name: (!is_built_in).then(|| field.label.to_string()),
        }
    }
}

impl FieldName {
    fn label(&self, language: Language) -> &str {
        let known = FIELDS.iter().find(|known| known.key == self.field);
        let label = known.map(|known| known.label.in_language(language));
        label.or(self.name.as_deref()).unwrap_or(&self.field)
    }
}

coded! {
/// Why. As JSON `{"code": "field_kept", "entity": "lead", "field": "title"}`: codes and parameters stay as they are from
/// version to version, and hold nothing personal.
///
/// ```
/// use krayin_core::{language::Language, reason::Reason};
///
/// let reason: Reason = serde_json::from_str(r#"{"code": "field_kept", "entity": "lead", "field": "title"}"#)?;
/// assert_eq!(reason.code(), "field_kept");
/// assert_eq!(reason.sentence(Language::En), "The lead's title was edited in Krayin and is left alone.");
/// assert_eq!(reason.sentence(Language::Es), "El campo «título» del lead se cambió en Krayin y se deja como está.");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// The contact has nothing that Krayin could know it by.
    NoIdentity,
    /// The contact of a channel has neither an e-mail address nor a number, and no conversation.
    NoConversation,
    /// Krayin takes nothing of what the contact could be known by.
    IdentityRefused,
    /// Nothing that Krayin shows has changed.
    Unchanged,
    /// The settings leave conversations out.
    ConversationsOff,
    /// The settings leave messages out.
    MessagesOff,
    /// The settings leave messages out, and stage rules as well.
    MessagesAndStagesOff,
    /// The hook is disabled.
    HookDisabled,
    /// The conversation has no contact.
    ConversationWithoutContact,
    /// The message is private, an activity line or a template.
    MessageNotPublic,
    /// The message has no conversation.
    MessageWithoutConversation,
    /// The message's conversation has no contact.
    MessageWithoutContact,
    /// The message is there already.
    MessageThere,
    /// Krayin refused the token.
    TokenRefused,
    /// The token's user may not do this.
    PermissionMissing,
    /// The record is not in Krayin.
    RecordMissing,
    /// Krayin does not take these values.
    ValuesRefused {
        /// As Krayin names them.
        fields: Vec<String>,
    },
    /// Another record in Krayin has a value that must be unique.
    ValueTaken {
        /// As Krayin names them.
        fields: Vec<String>,
    },
    /// Krayin takes no more requests for now.
    RequestsSpent,
    /// Krayin failed while it ran the request.
    ServerFailed,
    /// Krayin cannot be reached, or cannot work now.
    ServerUnavailable,
    /// Krayin did not answer in time.
    NoAnswer,
    /// A firewall does not let the request through.
    RequestBlocked,
    /// What answers is no Krayin.
    NotKrayin,
    /// The settings cannot be used.
    SettingsWrong {
        /// Why not.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        problems: Vec<Problem>,
    },
    /// The event cannot be run.
    EventWrong,
    /// The ids could not be loaded or stored.
    RecordsUnavailable,
    /// The process can have no more threads, files or memory.
    ResourcesSpent,
    /// A bug in the core.
    InternalError,
    /// The connection could not be checked, for want of an answer.
    NotChecked,
    /// Krayin has no such pipeline, stage, source or type.
    PlaceUnknown {
        /// `pipeline`, `stage`, `source` or `type`.
        place: String,
        /// What the administrator entered.
        entered: String,
        /// The names of those that are there.
        known: Vec<String>,
    },
    /// The account has no such inbox.
    InboxUnknown {
        /// What the administrator entered.
        entered: String,
        /// The names of those that are there.
        known: Vec<String>,
    },
    /// The contact is none of those whom the hook's Krayin is for.
    NotRouted,
    /// An administrator keeps the record out of Krayin.
    KeptOut,
    /// The account has a connection with the same Krayin and token.
    ConnectedTwice {
        /// What that one is called.
        name: String,
    },
    /// Of several tokens some are refused; the others go on.
    TokensRefused {
        /// Which, by their places from 1 on.
        places: Vec<u64>,
    },
    /// Another connection of the account is called so.
    NameTaken {
        /// So.
        name: String,
    },
    /// The connection works.
    ConnectionWorks {
        /// The name of the pipeline that new leads go to, where it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        pipeline: Option<String>,
    },
    /// The set-up has not run yet.
    SetUpWaits,
    /// A colleague changed the field in Krayin.
    FieldKept(FieldName),
    /// Another person in Krayin has the value.
    FieldAnothers(FieldName),
    /// Krayin does not take the value.
    FieldRefused(FieldName),
    /// The contact's value is none that the field can hold.
    FieldWrong(FieldName),
    /// What a colleague entered in Krayin is none that Chatwoot takes.
    FieldNotTaken(FieldName),
    /// Visitors say who the contact is, and its person was there before.
    SaidByVisitors,
    /// The write was refused for what a colleague entered.
    WriteRefused {
        /// Whose.
        entity: Entity,
    },
    /// The organization is there but cannot be found.
    OrganizationNotFound,
    /// The person that was known is gone, and there is another one.
    PersonGone,
    /// The lead that was known is gone, and there is another one.
    LeadGone,
    /// The organization that was known is gone, and there is another one.
    OrganizationGone,
    /// The organization was deleted in Krayin, and is not made again.
    OrganizationDeleted,
    /// The person or the lead that was known is gone, and there is another one.
    OwnerGone,
    /// The activity that was known is gone, and there is another one.
    ActivityGone,
    /// The person was deleted in Krayin, and is not made again.
    PersonDeleted,
    /// The lead was deleted in Krayin, and is not made again.
    LeadDeleted,
    /// The activity was deleted in Krayin, and is not made again.
    ActivityDeleted,
    /// A colleague wrote the text of the activity anew.
    CommentKept,
    /// The lead is won or lost, and stays as it is.
    LeadClosed,
    /// The lead is gone; its stage was not moved.
    StageLeadGone,
    /// The lead's pipeline has no stage as the setting names it.
    StageUnknown {
        /// The rule: `created`, `first_response` or `resolved`.
        rule: String,
    },
    /// Several persons have the e-mail address.
    SeveralWithEmail {
        /// How many.
        count: usize,
    },
    /// Several persons have the phone number.
    SeveralWithPhone {
        /// How many.
        count: usize,
    },
    /// The phone number belongs to another person.
    PhoneAnothers,
    /// The contact may be one of several persons or somebody else: a person decides.
    Doubtful {
        /// The contact's id in Chatwoot.
        contact: u64,
        /// The persons' ids in Krayin.
        persons: Vec<u64>,
    },
    /// The person that the contact was known as has nothing of it any more: a person decides.
    ChangedHands {
        /// The contact's id in Chatwoot.
        contact: u64,
        /// The person's id in Krayin.
        persons: Vec<u64>,
    },
    /// Several persons in Krayin are one, by all that they are known by: a colleague or an import made them.
    Doubled {
        /// Their ids in Krayin.
        persons: Vec<u64>,
    },
    /// Nothing is to be decided about the contact, or not about that person.
    NothingToDecide,
    /// A write waits until the server's time zone is known.
    ZoneUnknown,
    /// A write would set yes/no attributes to no.
    YesNoUnknown {
        /// Whose.
        entity: Entity,
    },
    /// The record has yes/no attributes, and the settings say that such a one is not written again.
    YesNoLeftOut {
        /// Whose.
        entity: Entity,
    },
    /// What a write may do to the yes/no attributes that the server has.
    YesNoAtStake {
        /// `persons.vip` and the like.
        attributes: Vec<String>,
        /// What the setting `on_yes_no` says.
        choice: OnYesNo,
    },
    /// Krayin has nothing of it.
    NotInKrayin,
    /// It was deleted in Chatwoot, and its words in Krayin.
    DeletedInChatwoot,
    /// The contact was deleted in Chatwoot, and what Krayin has of it stays.
    ContactKept,
    /// The contact was merged into another one.
    Merged {
        /// The person that has its addresses and numbers now.
        into: u64,
    },
    /// Two contacts are one, and two persons are not: a colleague made or edited the other one.
    MergedApart {
        /// The contact's person.
        person: u64,
        /// The other one.
        other: u64,
    },
    /// The record is a colleague's, or edited by one, and stays.
    ColleaguesStays {
        /// Whose.
        entity: Entity,
    },
    /// Krayin requires attributes that nothing fills.
    RequiredUnfilled {
        /// `lead.plan` and the like.
        attributes: Vec<String>,
    },
    /// Attributes that are mapped are gone from Krayin, or of a type that nothing fills; the others go on.
    MappedGone {
        /// `lead.plan` and the like.
        attributes: Vec<String>,
    },
    /// An extension of the host's raised, or gave what cannot be used.
    ExtensionFailed {
        /// Its name.
        extension: String,
        /// Where it stands: `map`, `before_sync` and so on.
        step: String,
    },
    /// An extension of the host's left the record out.
    ExtensionSkipped {
        /// Its name.
        extension: String,
        /// Why, in its own words.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Krayin has no user with the address of the colleague whom the conversation is assigned to.
    OwnerUnknown,
    /// A setting names what the account in Chatwoot does not have.
    NotInChatwoot {
        /// Which setting.
        setting: String,
        /// `label`, `team`, `inbox`, `agent` or `attribute`.
        what: String,
        /// What it is called there.
        entered: String,
    },
    /// The server's API does not have what a setting needs.
    NotServed {
        /// Which setting.
        setting: String,
    },
    /// Krayin has no source, or no type: leads are created without one.
    NoneThere {
        /// `source` or `type`.
        place: String,
    },
    /// One thing that is wrong with the settings.
    #[serde(untagged)]
    Settings(Problem),
    /// What happened at an attempt that failed.
    #[serde(untagged)]
    Attempt {
        /// What.
        code: Detail,
    },
}
}

impl Whole for Reason {
    fn of(given: &Map<String, Value>) -> Option<Self> {
        Self::of_code(given)
            .or_else(|| Problem::of(given).map(Self::Settings))
            .or_else(|| parameter(given, "code").map(|code| Self::Attempt { code }))
    }
}

impl Whole for FieldName {
    fn of(given: &Map<String, Value>) -> Option<Self> {
        Some(Self {
            entity: parameter(given, "entity")?,
            field: parameter(given, "field")?,
            name: parameter(given, "name")?,
        })
    }
}

/// The one that counts where none is said.
impl Parameter for OnYesNo {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(Self::default()) } else { Self::deserialize(value).ok() }
    }
}

words!(Detail, Entity);

impl Reason {
    /// Its code.
    pub fn code(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        json.get("code").and_then(|code| code.as_str()).unwrap_or_default().to_owned()
    }

    /// As it is kept with a link.
    pub(crate) fn kept(&self) -> KeptReason {
        let mut params = match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(params)) => params,
            _ => serde_json::Map::new(),
        };
        params.remove("code");
        KeptReason { code: self.code(), params }
    }

    /// A sentence for people.
    pub fn sentence(&self, language: Language) -> String {
        let [en, pt, es] = self.sentences();
        language.of_three(en, pt, es).into_owned()
    }

    fn sentences(&self) -> [Cow<'static, str>; 3] {
        match self {
            Self::NoIdentity => fixed(
                "The contact has neither an e-mail address nor a phone number that Krayin could know it by.",
                "O contato não tem e-mail nem telefone pelo qual o Krayin possa reconhecê-lo.",
                "El contacto no tiene correo ni teléfono por el que Krayin pueda reconocerlo.",
            ),
            Self::NoConversation => fixed(
                "The contact has neither an e-mail address nor a phone number, and no conversation yet.",
                "O contato não tem e-mail nem telefone, e ainda não tem conversa.",
                "El contacto no tiene correo ni teléfono, y aún no tiene conversación.",
            ),
            Self::IdentityRefused => fixed(
                "The contact was not created: Krayin takes nothing of what it could be known by.",
                "O contato não foi criado: o Krayin não aceita nada pelo qual ele possa ser reconhecido.",
                "El contacto no se creó: Krayin no acepta nada por lo que se lo pueda reconocer.",
            ),
            Self::Unchanged => fixed(
                "Nothing that Krayin shows has changed.",
                "Nada do que o Krayin mostra mudou.",
                "No cambió nada de lo que Krayin muestra.",
            ),
            Self::ConversationsOff => fixed(
                "sync_conversations and stage_progression_enabled are off.",
                "sync_conversations e stage_progression_enabled estão desligados.",
                "sync_conversations y stage_progression_enabled están desactivados.",
            ),
            Self::MessagesOff => {
                fixed("sync_messages is off.", "sync_messages está desligado.", "sync_messages está desactivado.")
            }
            Self::MessagesAndStagesOff => fixed(
                "sync_messages and stage_progression_enabled are off.",
                "sync_messages e stage_progression_enabled estão desligados.",
                "sync_messages y stage_progression_enabled están desactivados.",
            ),
            Self::HookDisabled => fixed(
                "The Krayin integration is disabled.",
                "A integração com o Krayin está desativada.",
                "La integración con Krayin está desactivada.",
            ),
            Self::ConversationWithoutContact => fixed(
                "The conversation has no contact.",
                "A conversa não tem contato.",
                "La conversación no tiene contacto.",
            ),
            Self::MessageNotPublic => fixed(
                "The message is not one between the contact and colleagues.",
                "A mensagem não é entre o contato e a equipe.",
                "El mensaje no es entre el contacto y el equipo.",
            ),
            Self::MessageWithoutConversation => fixed(
                "The message has no conversation.",
                "A mensagem não tem conversa.",
                "El mensaje no tiene conversación.",
            ),
            Self::MessageWithoutContact => fixed(
                "The message's conversation has no contact.",
                "A conversa da mensagem não tem contato.",
                "La conversación del mensaje no tiene contacto.",
            ),
            Self::MessageThere => fixed(
                "The message is in Krayin already.",
                "A mensagem já está no Krayin.",
                "El mensaje ya está en Krayin.",
            ),
            Self::TokenRefused => fixed(
                "Krayin does not accept this API token. Make a new token in Krayin and enter it here.",
                "O Krayin não aceita este token da API. Crie um novo token no Krayin e informe-o aqui.",
                "Krayin no acepta este token de la API. Cree un token nuevo en Krayin e introdúzcalo aquí.",
            ),
            Self::PermissionMissing => fixed(
                "The user of this API token may not see all records. Give that user's role in Krayin the permissions for leads, contacts, activities and settings, and the user the global view permission.",
                "O usuário deste token da API não pode ver todos os registros. Dê à função dele no Krayin as permissões de leads, contatos, atividades e configurações, e ao usuário a permissão de visualização global.",
                "El usuario de este token de la API no puede ver todos los registros. Dé a su rol en Krayin los permisos de leads, contactos, actividades y ajustes, y al usuario el permiso de vista global.",
            ),
            Self::RecordMissing => fixed(
                "The record is not in Krayin: it was deleted or merged there.",
                "O registro não está no Krayin: foi excluído ou mesclado lá.",
                "El registro no está en Krayin: se eliminó o se fusionó allí.",
            ),
            Self::ValuesRefused { fields } => listed(
                fields,
                ["Krayin does not take these values", "O Krayin não aceita estes valores", "Krayin no acepta estos valores"],
                ["Correct them.", "Corrija-os.", "Corríjalos."],
            ),
            Self::ValueTaken { fields } => listed(
                fields,
                ["Another record in Krayin has the same values", "Outro registro no Krayin tem os mesmos valores", "Otro registro en Krayin tiene los mismos valores"],
                ["Merge the two or correct one of them.", "Mescle os dois ou corrija um deles.", "Fusione los dos o corrija uno."],
            ),
            Self::RequestsSpent => fixed(
                "Krayin takes no more requests for now. It goes on by itself.",
                "O Krayin não aceita mais requisições por ora. Continua por si só.",
                "Krayin no acepta más peticiones por ahora. Sigue por sí solo.",
            ),
            Self::ServerFailed => fixed(
                "Krayin failed while it ran a request. It is tried again; if it goes on, look into Krayin's log.",
                "O Krayin falhou ao executar uma requisição. Tenta-se de novo; se persistir, veja o log do Krayin.",
                "Krayin falló al ejecutar una petición. Se intenta de nuevo; si persiste, mire el registro de Krayin.",
            ),
            Self::ServerUnavailable => fixed(
                "Krayin cannot be reached now. It is tried again; if it goes on, look whether Krayin runs at this address.",
                "O Krayin não pode ser alcançado agora. Tenta-se de novo; se persistir, veja se o Krayin está no ar neste endereço.",
                "No se puede llegar a Krayin ahora. Se intenta de nuevo; si persiste, mire si Krayin funciona en esta dirección.",
            ),
            Self::NoAnswer => fixed(
                "Krayin did not answer in time. It is tried again.",
                "O Krayin não respondeu a tempo. Tenta-se de novo.",
                "Krayin no respondió a tiempo. Se intenta de nuevo.",
            ),
            Self::RequestBlocked => fixed(
                "Something before Krayin, a firewall, does not let this request through. Look into its log.",
                "Algo diante do Krayin, um firewall, não deixa passar esta requisição. Veja o log dele.",
                "Algo delante de Krayin, un cortafuegos, no deja pasar esta petición. Mire su registro.",
            ),
            Self::NotKrayin => fixed(
                "There is no Krayin API at this address. Enter the address of your Krayin, such as https://crm.example.com, and see that its REST API package is installed.",
                "Não há uma API do Krayin neste endereço. Informe o endereço do seu Krayin, como https://crm.example.com, e verifique se o pacote REST API está instalado.",
                "No hay una API de Krayin en esta dirección. Introduzca la dirección de su Krayin, como https://crm.example.com, y compruebe que el paquete REST API está instalado.",
            ),
            Self::SettingsWrong { problems } => {
                LANGUAGES.map(|language| cannot_be_used(problems, language).into())
            }
            Self::EventWrong => fixed(
                "The event lacks its record.",
                "O evento não tem seu registro.",
                "Al evento le falta su registro.",
            ),
            Self::RecordsUnavailable => fixed(
                "The ids could not be loaded or stored. It is tried again.",
                "Os ids não puderam ser lidos ou guardados. Tenta-se de novo.",
                "Los ids no se pudieron leer o guardar. Se intenta de nuevo.",
            ),
            Self::ResourcesSpent => fixed(
                "The process can have no more threads, files or memory. It is tried again.",
                "O processo não pode ter mais threads, arquivos ou memória. Tenta-se de novo.",
                "El proceso no puede tener más hilos, archivos o memoria. Se intenta de nuevo.",
            ),
            Self::InternalError => fixed(
                "The core failed where it never should. It is tried again; report it.",
                "O núcleo falhou onde nunca deveria. Tenta-se de novo; relate isso.",
                "El núcleo falló donde nunca debería. Se intenta de nuevo; infórmelo.",
            ),
            Self::NotChecked => fixed(
                "Krayin does not answer now, so nothing could be checked. It is tried again until it does; if it goes on, look whether Krayin runs at this address.",
                "O Krayin não responde agora, então nada pôde ser verificado. Tenta-se de novo até que responda; se persistir, veja se o Krayin está no ar neste endereço.",
                "Krayin no responde ahora, así que no se pudo comprobar nada. Se intenta de nuevo hasta que responda; si persiste, mire si Krayin funciona en esta dirección.",
            ),
            Self::PlaceUnknown { place, entered, known } => {
                let there = known.join(", ");
                let (pt, es) = in_romance(place);
                [
                    format!("Krayin has no {place} \"{entered}\". Enter one of these, or leave it empty: {there}.").into(),
                    format!("O Krayin não tem {pt} \"{entered}\". Informe um destes, ou deixe vazio: {there}.").into(),
                    format!("Krayin no tiene {es} \"{entered}\". Introduzca uno de estos, o déjelo vacío: {there}.").into(),
                ]
            }
            Self::InboxUnknown { entered, known } => {
                let there = known.join(", ");
                [
                    format!("This account has no inbox \"{entered}\". Enter one of these: {there}.").into(),
                    format!("Esta conta não tem a caixa de entrada \"{entered}\". Informe uma destas: {there}.").into(),
                    format!("Esta cuenta no tiene la bandeja de entrada \"{entered}\". Introduzca una de estas: {there}.").into(),
                ]
            }
            Self::KeptOut => fixed(
                "An administrator keeps it out of Krayin.",
                "Um administrador o deixa fora do Krayin.",
                "Un administrador lo deja fuera de Krayin.",
            ),
            Self::NotRouted => fixed(
                "This Krayin is for others: neither inbox, label nor country leads here. What is there already stays as it is.",
                "Este Krayin é para outros: nem caixa de entrada, nem etiqueta, nem país levam a ele. O que já está lá fica como está.",
                "Este Krayin es para otros: ni bandeja de entrada, ni etiqueta, ni país llevan a él. Lo que ya está allí se queda como está.",
            ),
            Self::ConnectedTwice { name } => [
                format!("The connection {name} has this Krayin and this token already: everything would come there twice. Change that one, or enter another Krayin or token.").into(),
                format!("A conexão {name} já tem este Krayin e este token: tudo chegaria lá duas vezes. Altere aquela, ou informe outro Krayin ou token.").into(),
                format!("La conexión {name} ya tiene este Krayin y este token: todo llegaría allí dos veces. Cambie aquella, o introduzca otro Krayin u otro token.").into(),
            ],
            Self::TokensRefused { places } => {
                let places = places.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                [
                    format!("Krayin does not accept these of the API tokens, by their order: {places}. The others go on. Make new ones in Krayin and enter them here.").into(),
                    format!("O Krayin não aceita estes dos tokens da API, por ordem: {places}. Os outros continuam. Crie novos no Krayin e informe-os aqui.").into(),
                    format!("Krayin no acepta estos de los tokens de la API, por orden: {places}. Los demás siguen. Cree otros nuevos en Krayin e introdúzcalos aquí.").into(),
                ]
            }
            Self::NameTaken { name } => [
                format!("Another connection of this account is called {name}. Enter another name.").into(),
                format!("Outra conexão desta conta se chama {name}. Informe outro nome.").into(),
                format!("Otra conexión de esta cuenta se llama {name}. Introduzca otro nombre.").into(),
            ],
            Self::ConnectionWorks { pipeline } => {
                let name = |unnamed: &str| pipeline.clone().unwrap_or_else(|| unnamed.to_owned());
                [
                    format!("The connection works: new leads go to {}.", name("the default pipeline")).into(),
                    format!("A conexão funciona: novos leads vão para {}.", name("o funil padrão")).into(),
                    format!("La conexión funciona: los leads nuevos van a {}.", name("el embudo predeterminado")).into(),
                ]
            }
            Self::SetUpWaits => {
                fixed("Waiting for the set-up.", "Aguardando a configuração.", "A la espera de la configuración.")
            }
            Self::OwnerUnknown => fixed(
                "The agent whom the conversation is assigned to has no user in Krayin with the same e-mail address, or a disabled one: the owner was left as it is. Create or enable the user in Krayin.",
                "O agente a quem a conversa está atribuída não tem no Krayin um usuário com o mesmo e-mail, ou tem um desativado: o responsável ficou como está. Crie ou ative o usuário no Krayin.",
                "El agente a quien está asignada la conversación no tiene en Krayin un usuario con el mismo correo, o tiene uno desactivado: el responsable quedó como está. Cree o active el usuario en Krayin.",
            ),
            Self::NotInChatwoot { setting, what, entered } => {
                let (pt, es) = in_romance(what);
                [
                    format!("{setting} names the {what} \"{entered}\", which this account does not have.").into(),
                    format!("{setting} cita {pt} \"{entered}\", que esta conta não tem.").into(),
                    format!("{setting} nombra {es} \"{entered}\", que esta cuenta no tiene.").into(),
                ]
            }
            Self::NotServed { setting } => [
                format!("{setting} does nothing with this Krayin: its API does not have what that takes.").into(),
                format!("{setting} não faz nada com este Krayin: a API dele não tem o que isso exige.").into(),
                format!("{setting} no hace nada con este Krayin: su API no tiene lo que eso requiere.").into(),
            ],
            Self::FieldKept(name) => about(
                name,
                ["was edited in Krayin and is left alone.", "foi alterado no Krayin e fica como está.", "se cambió en Krayin y se deja como está."],
            ),
            Self::FieldAnothers(name) => left_out(
                name,
                ["belongs to another person in Krayin and was left out.", "pertence a outra pessoa no Krayin e foi omitido.", "pertenece a otra persona en Krayin y se omitió."],
            ),
            Self::FieldRefused(name) => left_out(
                name,
                ["is none that Krayin takes and was left out.", "não é aceito pelo Krayin e foi omitido.", "no lo acepta Krayin y se omitió."],
            ),
            Self::FieldWrong(name) => left_out(
                name,
                ["does not fit and was left out.", "não é válido e foi omitido.", "no es válido y se omitió."],
            ),
            Self::FieldNotTaken(name) => about(
                name,
                ["was changed in Krayin to what Chatwoot does not take, and stays here as it is.", "foi alterado no Krayin para algo que o Chatwoot não aceita, e fica aqui como está.", "se cambió en Krayin por algo que Chatwoot no acepta, y aquí se queda como está."],
            ),
            Self::SaidByVisitors => fixed(
                "Visitors say themselves who this contact is, and the person was in Krayin before: what is changed there is not written here.",
                "Visitantes dizem por conta própria quem é este contato, e a pessoa já estava no Krayin: o que se altera lá não é escrito aqui.",
                "Los visitantes dicen por sí mismos quién es este contacto, y la persona ya estaba en Krayin: lo que se cambia allí no se escribe aquí.",
            ),
            Self::WriteRefused { entity } => [
                format!("Krayin refuses to write the {}: a value that was entered there belongs to another record. Correct it in Krayin.", entity.name()).into(),
                format!("O Krayin se recusa a gravar {}: um valor informado lá pertence a outro registro. Corrija-o no Krayin.", portuguese(*entity, "o", "a")).into(),
                format!("Krayin se niega a guardar {}: un valor introducido allí pertenece a otro registro. Corríjalo en Krayin.", spanish(*entity, "el", "la")).into(),
            ],
            Self::OrganizationNotFound => fixed(
                "The organization is in Krayin but cannot be found by its name; it was left out.",
                "A organização está no Krayin, mas não pode ser encontrada pelo nome; foi omitida.",
                "La organización está en Krayin, pero no se encuentra por su nombre; se omitió.",
            ),
            Self::PersonGone => gone("person", "A pessoa conhecida", "encontrada ou criada", "La persona conocida", "encontró o creó"),
            Self::LeadGone => gone("lead", "O lead conhecido", "encontrado ou criado", "El lead conocido", "encontró o creó"),
            Self::OrganizationGone => {
                gone("organization", "A organização conhecida", "encontrada ou criada", "La organización conocida", "encontró o creó")
            }
            Self::OwnerGone => gone("person or lead", "A pessoa ou o lead conhecido", "encontrado ou criado", "La persona o el lead conocido", "encontró o creó"),
            Self::ActivityGone => fixed(
                "The activity that was known is gone from Krayin; created again.",
                "A atividade conhecida não está mais no Krayin; criada de novo.",
                "La actividad conocida ya no está en Krayin; se creó de nuevo.",
            ),
            Self::OrganizationDeleted => fixed(
                "The organization was deleted in Krayin and is not made again.",
                "A organização foi excluída no Krayin e não é criada de novo.",
                "La organización se eliminó en Krayin y no se crea de nuevo.",
            ),
            Self::PersonDeleted => fixed(
                "The person was deleted in Krayin and is not made again.",
                "A pessoa foi excluída no Krayin e não é criada de novo.",
                "La persona se eliminó en Krayin y no se crea de nuevo.",
            ),
            Self::LeadDeleted => fixed(
                "The lead was deleted in Krayin and is not made again.",
                "O lead foi excluído no Krayin e não é criado de novo.",
                "El lead se eliminó en Krayin y no se crea de nuevo.",
            ),
            Self::ActivityDeleted => fixed(
                "The activity was deleted in Krayin and is not made again.",
                "A atividade foi excluída no Krayin e não é criada de novo.",
                "La actividad se eliminó en Krayin y no se crea de nuevo.",
            ),
            Self::CommentKept => fixed(
                "The activity's text was rewritten in Krayin and is left alone.",
                "O texto da atividade foi reescrito no Krayin e fica como está.",
                "El texto de la actividad se reescribió en Krayin y se deja como está.",
            ),
            Self::LeadClosed => fixed(
                "The lead is won or lost in Krayin and stays as it is.",
                "O lead está ganho ou perdido no Krayin e fica como está.",
                "El lead está ganado o perdido en Krayin y se deja como está.",
            ),
            Self::RequiredUnfilled { attributes } => {
                let named = attributes.join(", ");
                [
                    format!("Krayin requires {named}, which nothing fills: map them in field_mapping, or make them optional in Krayin.").into(),
                    format!("O Krayin exige {named}, que nada preenche: mapeie-os em field_mapping, ou torne-os opcionais no Krayin.").into(),
                    format!("Krayin exige {named}, que nada rellena: asígnelos en field_mapping, o hágalos opcionales en Krayin.").into(),
                ]
            }
            Self::MappedGone { attributes } => {
                let named = attributes.join(", ");
                [
                    format!("Krayin no longer has {named}, or in a type that cannot be filled. They are left out until field_mapping or Krayin is changed.").into(),
                    format!("O Krayin não tem mais {named}, ou em um tipo que não pode ser preenchido. Ficam de fora até que field_mapping ou o Krayin mude.").into(),
                    format!("Krayin ya no tiene {named}, o en un tipo que no se puede rellenar. Quedan fuera hasta que cambie field_mapping o Krayin.").into(),
                ]
            }
            Self::ExtensionFailed { extension, step } => [
                format!("The extension {extension} failed at {step}. It is tried again; mend it.").into(),
                format!("A extensão {extension} falhou em {step}. Tenta-se de novo; corrija-a.").into(),
                format!("La extensión {extension} falló en {step}. Se intenta de nuevo; corríjala.").into(),
            ],
            Self::ExtensionSkipped { extension, reason } => {
                let why = |colon: &str| reason.as_ref().map_or_else(String::new, |reason| format!("{colon}{reason}"));
                [
                    format!("The extension {extension} leaves it out{}.", why(": ")).into(),
                    format!("A extensão {extension} o deixa de fora{}.", why(": ")).into(),
                    format!("La extensión {extension} lo deja fuera{}.", why(": ")).into(),
                ]
            }
            Self::StageLeadGone => fixed(
                "The lead is gone from Krayin; its stage was not moved.",
                "O lead não está mais no Krayin; a etapa não foi mudada.",
                "El lead ya no está en Krayin; la etapa no se cambió.",
            ),
            Self::StageUnknown { rule } => [
                format!("The lead's pipeline in Krayin has no stage as the setting for {rule} names it.").into(),
                format!("O funil do lead no Krayin não tem a etapa que a configuração de {rule} indica.").into(),
                format!("El embudo del lead en Krayin no tiene la etapa que indica el ajuste de {rule}.").into(),
            ],
            Self::SeveralWithEmail { count } => [
                format!("{count} persons in Krayin have this e-mail address; the oldest is used.").into(),
                format!("{count} pessoas no Krayin têm este e-mail; a mais antiga é usada.").into(),
                format!("{count} personas en Krayin tienen este correo; se usa la más antigua.").into(),
            ],
            Self::SeveralWithPhone { count } => [
                format!("{count} persons in Krayin have this phone number; the oldest is used.").into(),
                format!("{count} pessoas no Krayin têm este telefone; a mais antiga é usada.").into(),
                format!("{count} personas en Krayin tienen este teléfono; se usa la más antigua.").into(),
            ],
            Self::PhoneAnothers => fixed(
                "The phone number belongs to another person in Krayin and stays with that one.",
                "O telefone pertence a outra pessoa no Krayin e fica com ela.",
                "El teléfono pertenece a otra persona en Krayin y se queda con ella.",
            ),
            Self::Doubtful { contact, persons } => {
                let [en, pt, es] = match persons.as_slice() {
                    [_] => ["person", "da pessoa", "de la persona"],
                    _ => ["persons", "das pessoas", "de las personas"],
                };
                let persons = persons.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                [
                    format!("Contact {contact} has the phone number of {en} {persons} in Krayin and may be somebody else: nothing was written. Say whether they are one, or give both the same e-mail address, or take the number from one of them.").into(),
                    format!("O contato {contact} tem o telefone {pt} {persons} no Krayin e pode ser outra pessoa: nada foi gravado. Diga se são a mesma, ou dê a ambos o mesmo e-mail, ou tire o telefone de um deles.").into(),
                    format!("El contacto {contact} tiene el teléfono {es} {persons} en Krayin y puede ser otra persona: no se guardó nada. Diga si son la misma, o dé a ambos el mismo correo, o quite el teléfono de uno de ellos.").into(),
                ]
            }
            Self::ChangedHands { contact, persons } => {
                let persons = persons.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                [
                    format!("Person {persons} in Krayin was contact {contact} and has neither its name nor an address or number of it any more: nothing is written. Say whether they are one.").into(),
                    format!("A pessoa {persons} no Krayin era o contato {contact} e já não tem nem o nome, nem um e-mail ou telefone dele: nada é gravado. Diga se são a mesma.").into(),
                    format!("La persona {persons} en Krayin era el contacto {contact} y ya no tiene ni su nombre ni un correo o teléfono suyo: no se guarda nada. Diga si son la misma.").into(),
                ]
            }
            Self::Doubled { persons } => {
                let persons = persons.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                [
                    format!("Persons {persons} in Krayin are one by their e-mail address or number. Merge them there, or say which one the contact is.").into(),
                    format!("As pessoas {persons} no Krayin são a mesma pelo e-mail ou telefone. Mescle-as lá ou diga qual delas é o contato.").into(),
                    format!("Las personas {persons} en Krayin son la misma por su correo o teléfono. Fusiónelas allí o diga cuál de ellas es el contacto.").into(),
                ]
            }
            Self::NothingToDecide => fixed(
                "Nothing is to be decided about this contact, or not about that person.",
                "Não há o que decidir sobre este contato, ou não sobre essa pessoa.",
                "No hay nada que decidir sobre este contacto, o no sobre esa persona.",
            ),
            Self::ZoneUnknown => fixed(
                "The lead is written once the time zone of Krayin's server is known: its closing date would move otherwise.",
                "O lead será gravado quando o fuso horário do servidor do Krayin for conhecido: a data de fechamento mudaria.",
                "El lead se guardará cuando se conozca la zona horaria del servidor de Krayin: la fecha de cierre cambiaría.",
            ),
            Self::NotInKrayin => fixed(
                "Krayin has nothing of it.",
                "O Krayin não tem nada disso.",
                "Krayin no tiene nada de ello.",
            ),
            Self::DeletedInChatwoot => fixed(
                "It was deleted in Chatwoot; what was said is no longer in Krayin.",
                "Foi excluído no Chatwoot; o que foi dito não está mais no Krayin.",
                "Se eliminó en Chatwoot; lo que se dijo ya no está en Krayin.",
            ),
            Self::ContactKept => fixed(
                "The contact was deleted in Chatwoot; what Krayin has of it stays.",
                "O contato foi excluído no Chatwoot; o que o Krayin tem dele permanece.",
                "El contacto se eliminó en Chatwoot; lo que Krayin tiene de él se queda.",
            ),
            Self::Merged { into } => [
                format!("The contact was merged into another one: person {into} in Krayin.").into(),
                format!("O contato foi mesclado com outro: a pessoa {into} no Krayin.").into(),
                format!("El contacto se fusionó con otro: la persona {into} en Krayin.").into(),
            ],
            Self::MergedApart { person, other } => [
                format!("Two contacts were merged, but person {other} in Krayin was made or edited by a colleague and stays beside person {person}. Merge them there, or leave them.").into(),
                format!("Dois contatos foram mesclados, mas a pessoa {other} no Krayin foi criada ou alterada por um colega e fica ao lado da pessoa {person}. Mescle-as lá ou deixe-as.").into(),
                format!("Se fusionaron dos contactos, pero un colega creó o cambió la persona {other} en Krayin, que se queda junto a la persona {person}. Fusiónelas allí o déjelas.").into(),
            ],
            Self::ColleaguesStays { entity } => [
                format!("The {} was made or edited by a colleague and stays.", entity.name()).into(),
                format!("{} foi criado ou alterado por um colega e permanece.", portuguese(*entity, "O", "A")).into(),
                format!("{} es de un colega o lo cambió uno, y se queda.", spanish(*entity, "El", "La")).into(),
            ],
            Self::YesNoUnknown { entity } => [
                format!("The {} was not written: its yes/no attributes cannot be read, and a write would set them to no.", entity.name()).into(),
                format!("{} não foi gravad{}: os atributos de sim/não não podem ser lidos, e a gravação os mudaria para não.", portuguese(*entity, "O", "A"), if *entity == Entity::Lead { "o" } else { "a" }).into(),
                format!("{} no se guardó: sus atributos de sí/no no se pueden leer, y guardarlo los pondría en no.", spanish(*entity, "El", "La")).into(),
            ],
            Self::NoneThere { place } => {
                let (pt, es) = match place.as_str() {
                    "source" => ("nenhuma origem", "ningún origen"),
                    "type" => ("nenhum tipo", "ningún tipo"),
                    other => (other, other),
                };
                [
                    format!("Krayin has no lead {place}; leads are created without one.").into(),
                    format!("O Krayin não tem {pt} de lead; os leads são criados sem isso.").into(),
                    format!("Krayin no tiene {es} de lead; los leads se crean sin ello.").into(),
                ]
            }
            Self::Settings(problem) => LANGUAGES.map(|language| whole(&problem.clause(language)).into()),
            Self::Attempt { code } => LANGUAGES.map(|language| whole(code.clause(language)).into()),
            Self::YesNoLeftOut { entity } => [
                format!("The {} was not written: it has yes/no attributes, and on_yes_no is leave_out.", entity.name()).into(),
                format!("{} não foi gravad{}: tem atributos de sim/não, e on_yes_no é leave_out.", portuguese(*entity, "O", "A"), if *entity == Entity::Lead { "o" } else { "a" }).into(),
                format!("{} no se guardó: tiene atributos de sí/no, y on_yes_no es leave_out.", spanish(*entity, "El", "La")).into(),
            ],
            Self::YesNoAtStake { attributes, choice } => at_stake(&attributes.join(", "), *choice),
        }
    }
}

const LANGUAGES: [Language; 3] = [Language::En, Language::Pt, Language::Es];

/// A clause as a sentence. One that begins with a key keeps it as it is.
fn whole(clause: &str) -> String {
    let key = clause.split(' ').next().is_some_and(|word| word.contains(['_', '.']) || settings::find(word).is_some());
    let end = if clause.ends_with('?') { "" } else { "." };
    let mut letters = clause.chars();
    match letters.next() {
        Some(first) if !key => format!("{}{}{end}", first.to_uppercase(), letters.as_str()),
        _ => format!("{clause}{end}"),
    }
}

/// What may become of yes/no attributes, and what the setting does about it.
fn at_stake(attributes: &str, choice: OnYesNo) -> [Cow<'static, str>; 3] {
    let [en, pt, es] = match choice {
        OnYesNo::Carry => [
            "on_yes_no is carry: each is sent along as it is, and where it cannot be read the change is left out. Choose leave_out never to write such a record again, or write_anyway to write it whatever becomes of them.",
            "on_yes_no é carry: cada um é enviado junto como está, e onde não pode ser lido a alteração fica de fora. Escolha leave_out para nunca mais gravar tal registro, ou write_anyway para gravá-lo, aconteça o que acontecer com eles.",
            "on_yes_no es carry: cada uno se envía tal como está, y donde no se puede leer el cambio se omite. Elija leave_out para no volver a guardar tal registro, o write_anyway para guardarlo pase lo que pase con ellos.",
        ],
        OnYesNo::LeaveOut => [
            "on_yes_no is leave_out: such a record is not written again once it is there. Choose carry to write it where they can be sent along, or write_anyway to write it whatever becomes of them.",
            "on_yes_no é leave_out: tal registro não é mais gravado depois de criado. Escolha carry para gravá-lo onde eles podem ser enviados junto, ou write_anyway para gravá-lo, aconteça o que acontecer com eles.",
            "on_yes_no es leave_out: tal registro no se vuelve a guardar una vez creado. Elija carry para guardarlo donde se puedan enviar también, o write_anyway para guardarlo pase lo que pase con ellos.",
        ],
        OnYesNo::WriteAnyway => [
            "on_yes_no is write_anyway: they become no at each write. Choose carry to send them along, or leave_out not to write such a record again.",
            "on_yes_no é write_anyway: eles viram não a cada gravação. Escolha carry para enviá-los junto, ou leave_out para não gravar mais tal registro.",
            "on_yes_no es write_anyway: pasan a no cada vez que se guarda. Elija carry para enviarlos también, o leave_out para no volver a guardar tal registro.",
        ],
    };
    [
        format!("Krayin has yes/no attributes ({attributes}), and sets each to no that a write leaves out. {en}")
            .into(),
        format!(
            "O Krayin tem atributos de sim/não ({attributes}) e muda para não cada um que uma gravação omite. {pt}"
        )
        .into(),
        format!(
            "Krayin tiene atributos de sí/no ({attributes}) y pone en no cada uno que no se envía al guardar. {es}"
        )
        .into(),
    ]
}

fn fixed(en: &'static str, pt: &'static str, es: &'static str) -> [Cow<'static, str>; 3] {
    [en.into(), pt.into(), es.into()]
}

fn about(name: &FieldName, [en, pt, es]: [&str; 3]) -> [Cow<'static, str>; 3] {
    let label = |language| name.label(language).to_owned();
    [
        format!("The {}'s {} {en}", name.entity.name(), label(Language::En)).into(),
        format!("O campo “{}” {} {pt}", label(Language::Pt), portuguese(name.entity, "do", "da")).into(),
        format!("El campo «{}» {} {es}", label(Language::Es), spanish(name.entity, "del", "de la")).into(),
    ]
}

/// What is wrong with which fields, and what to do.
fn listed(fields: &[String], what: [&str; 3], todo: [&str; 3]) -> [Cow<'static, str>; 3] {
    let fields = fields.join(", ");
    let colon = if fields.is_empty() { "" } else { ": " };
    let ([en, pt, es], [do_en, do_pt, do_es]) = (what, todo);
    [(en, do_en), (pt, do_pt), (es, do_es)].map(|(what, todo)| format!("{what}{colon}{fields}. {todo}").into())
}

fn in_romance(place: &str) -> (&str, &str) {
    match place {
        "pipeline" => ("o funil", "el embudo"),
        "stage" => ("a etapa", "la etapa"),
        "source" => ("a origem", "el origen"),
        "type" => ("o tipo", "el tipo"),
        "label" => ("a etiqueta", "la etiqueta"),
        "team" => ("o time", "el equipo"),
        "inbox" => ("a caixa de entrada", "la bandeja de entrada"),
        "agent" => ("o agente", "el agente"),
        "attribute" => ("o atributo", "el atributo"),
        other => (other, other),
    }
}

fn left_out(name: &FieldName, [en, pt, es]: [&str; 3]) -> [Cow<'static, str>; 3] {
    [
        format!("The {} {en}", name.label(Language::En)).into(),
        format!("O campo “{}” {pt}", name.label(Language::Pt)).into(),
        format!("El campo «{}» {es}", name.label(Language::Es)).into(),
    ]
}

fn gone(en: &str, pt: &str, again: &str, es: &str, found: &str) -> [Cow<'static, str>; 3] {
    [
        format!("The {en} that was known is gone from Krayin; found or created again.").into(),
        format!("{pt} não está mais no Krayin; {again} de novo.").into(),
        format!("{es} ya no está en Krayin; se {found} de nuevo.").into(),
    ]
}

fn portuguese(entity: Entity, masculine: &str, feminine: &str) -> String {
    match entity {
        Entity::Person => format!("{feminine} pessoa"),
        Entity::Lead => format!("{masculine} lead"),
        Entity::Organization => format!("{feminine} organização"),
    }
}

fn spanish(entity: Entity, masculine: &str, feminine: &str) -> String {
    match entity {
        Entity::Person => format!("{feminine} persona"),
        Entity::Lead => format!("{masculine} lead"),
        Entity::Organization => format!("{feminine} organización"),
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldName, Reason};
    use crate::{
        detail::Detail, field::Entity, language::Language, mapper::FIELDS, problem::Problem, settings::OnYesNo,
    };

    #[test]
    fn a_reason_is_the_same_after_it_was_kept() {
        let name = FieldName { entity: Entity::Lead, field: "lead.plan".into(), name: Some("Plan".into()) };
        for reason in [
            Reason::NoIdentity,
            Reason::FieldKept(name.clone()),
            Reason::FieldNotTaken(name.clone()),
            Reason::SaidByVisitors,
            Reason::StageUnknown { rule: "created".into() },
            Reason::SeveralWithEmail { count: 2 },
            Reason::Doubtful { contact: 7, persons: vec![1, 2] },
            Reason::ChangedHands { contact: 7, persons: vec![1] },
            Reason::Doubled { persons: vec![1, 2] },
            Reason::YesNoUnknown { entity: Entity::Person },
            Reason::ConnectionWorks { pipeline: None },
            Reason::ConnectionWorks { pipeline: Some("Sales".into()) },
            Reason::TokensRefused { places: vec![1, 3] },
            Reason::SettingsWrong { problems: Vec::new() },
            Reason::SettingsWrong { problems: vec![Problem::FileMissing { key: "ca_file".into() }] },
            Reason::Settings(Problem::HeaderReserved { header: "Cookie".into() }),
            Reason::Attempt { code: Detail::NoConnection },
            Reason::MappedGone { attributes: vec!["lead.plan".into()] },
            Reason::YesNoAtStake { attributes: vec!["persons.vip".into()], choice: OnYesNo::LeaveOut },
        ] {
            let json = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), reason, "{json}");
        }
        let json = serde_json::to_string(&Reason::FieldKept(name)).unwrap();
        assert_eq!(json, r#"{"code":"field_kept","entity":"lead","field":"lead.plan","name":"Plan"}"#);
    }

    #[test]
    fn says_it_in_three_languages() {
        let job = FIELDS.iter().find(|field| field.key == "job_title").unwrap();
        let kept = Reason::FieldKept(job.into());
        assert_eq!(kept.sentence(Language::En), "The person's job title was edited in Krayin and is left alone.");
        assert_eq!(kept.sentence(Language::Pt), "O campo “cargo” da pessoa foi alterado no Krayin e fica como está.");
        assert_eq!(
            kept.sentence(Language::Es),
            "El campo «cargo» de la persona se cambió en Krayin y se deja como está."
        );
        let email = FIELDS.iter().find(|field| field.key == "email").unwrap();
        assert_eq!(
            Reason::FieldAnothers(email.into()).sentence(Language::En),
            "The e-mail address belongs to another person in Krayin and was left out."
        );
    }

    #[test]
    fn what_is_wrong_with_settings_and_what_happened_are_reasons_too() {
        let read = |json: &str| serde_json::from_str::<Reason>(json).unwrap();
        let wrong =
            read(r#"{"code": "settings_wrong", "problems": [{"code": "address_private"}, {"code": "token_missing"}]}"#);
        assert_eq!(
            wrong.sentence(Language::Es),
            "Los ajustes de Krayin no se pueden usar: api_url tiene una dirección privada, que esta instalación no permite (KRAYIN_SYNC_ALLOWED_HOSTS); falta api_token."
        );
        assert_eq!(read(r#"{"code": "settings_wrong"}"#).sentence(Language::En), "The Krayin settings cannot be used.");
        assert_eq!(read(r#"{"code": "token_missing"}"#).sentence(Language::Pt), "Falta api_token.");
        assert_eq!(read(r#"{"code": "token_missing"}"#).sentence(Language::En), "api_token is missing.");
        assert_eq!(
            read(r#"{"code": "proxy_unusable"}"#).sentence(Language::En),
            "proxy (or HTTPS_PROXY) cannot be used."
        );
        assert_eq!(
            read(r#"{"code": "certificate_expired"}"#).sentence(Language::Pt),
            "O certificado do servidor expirou."
        );
        assert_eq!(read(r#"{"code": "none_there", "place": "source"}"#).code(), "none_there");
        assert!(serde_json::from_str::<Reason>(r#"{"code": "of a later version"}"#).is_err());
    }
}
