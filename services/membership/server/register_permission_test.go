package server

// registerPermissions is the part of the permission table about the register's events. A member looks at, moves or renames
// somebody else's entry there; what they may do with their own is tested where the methods are.
const registerPermissions = `ListHistory       S         R      R         R     R      R         .     .         .        N          N      N       N
ExplainStanding   S         R      .         .     R      .         .     .         .        N          N      N       N
MoveRegion        S         R      R         R     R      R         R     .         O        N          N      N       N
ChangeName        S         R      R         R     R      R         R     .         O        N          N      N       N
RequestEmail      S         .      .         .     .      .         .     .         O        N          N      N       N
ConfirmEmail      S         .      .         .     .      .         .     .         O        N          N      N       N
GetPostal         S         R      R         R     R      R         R     .         .        N          N      N       N
ChangePostal      S         R      R         R     R      R         R     .         O        N          N      N       N
Leave             S         .      .         .     .      .         .     .         O        N          N      N       N
EndMembership     S         R      R         R     R      R         R     .         O        N          N      N       N
WaiveDonation     S         R      R         R     R      .         R     .         O        N          N      N       N
ListApplications  S         R      R         .     R      R         .     .         .        N          N      N       N
DecideApplication S         R      R         .     R      R         .     .         O        N          N      N       N
ListDoubles       S         R      R         .     R      .         .     .         .        N          N      N       N
FindDouble        S         R      R         .     R      .         .     .         O        N          N      N       N
ConfirmDouble     S         R      R         .     R      .         .     .         O        N          N      N       N
ObjectToEntry     S         .      .         .     .      .         .     .         O        N          N      N       N
ListObjections    S         .      .         .     .      .         .     .         .        N          N      N       N
AnswerObjection   S         R      R         R     R      R         .     .         O        N          N      N       N
`
